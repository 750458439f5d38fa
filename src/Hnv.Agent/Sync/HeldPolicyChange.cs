using System.Collections.Immutable;
using Hnv.Api.Stream;

namespace Hnv.Agent.Sync;

/// <summary>What became different in the policy of this host; the way from the stream (or the cache) to the desired state.</summary>
internal abstract record HeldPolicyChange;

/// <summary>One key: what stood there, and what stands there now; null for nothing. Never both null.</summary>
internal readonly record struct ItemChange(PolicyItem? Before, PolicyItem? After);

/// <summary>The content of a network changed; <paramref name="Policy"/> is the content afterwards.</summary>
internal sealed record NetworkChanged(HeldNetworkPolicy Policy, ImmutableArray<ItemChange> Changes) : HeldPolicyChange;

/// <summary>The network left the host; <paramref name="Policy"/> is what was known of it.</summary>
internal sealed record NetworkDetached(HeldNetworkPolicy Policy) : HeldPolicyChange;

/// <summary>Everything up to the revision came before this.</summary>
internal sealed record BookmarkReached(long Revision) : HeldPolicyChange;
