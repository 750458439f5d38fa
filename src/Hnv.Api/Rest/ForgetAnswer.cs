using System.Collections.Immutable;

namespace Hnv.Api.Rest;

/// <summary>Answer to DELETE of learned addresses.</summary>
/// <param name="Revision">From it on no host counts them any more.</param>
/// <param name="Vsid">The virtual subnet.</param>
/// <param name="Epoch">Its epoch from now on: of what is proved anew.</param>
/// <param name="Forgotten">What was known. Hosts that were not heard may hold more, and lose it likewise.</param>
public sealed record ForgetAnswer(long Revision, uint Vsid, uint Epoch, ImmutableArray<RecordView> Forgotten);
