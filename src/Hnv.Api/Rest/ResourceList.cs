using System.Collections.Immutable;

namespace Hnv.Api.Rest;

/// <summary>Answer of every list and view: the objects as of a revision. Watch from that revision to follow.</summary>
public sealed record ResourceList<T>(long Revision, ImmutableArray<T> Items);
