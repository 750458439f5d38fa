using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Agent.Sync;

/// <summary>
/// The policy of this host as the stream tells it: turns messages into changes.
/// </summary>
/// <remarks>
/// Invariants: a message is taken whole or not at all; no content is taken whose digest was not verified; a snapshot replaces a
/// network's content by the difference, at its end, never earlier; a network goes away by a detach, or by a bookmark of a connection
/// that did not attach it, and by nothing else. Not thread-safe: one stream at a time owns it.
/// </remarks>
internal sealed class PolicyStore
{
    private readonly Dictionary<Guid, HeldNetworkPolicy> _networks = [];
    private readonly HashSet<Guid> _doubtful = [];
    private readonly HashSet<Guid> _attached = [];
    private readonly Dictionary<Guid, OpenSnapshot> _snapshots = [];
    private readonly ItemInterner _interner = new();
    private bool _greeted;
    private bool _complete;

    /// <summary>Every network known, attached in this connection or not.</summary>
    public IReadOnlyDictionary<Guid, HeldNetworkPolicy> Networks => _networks;

    /// <summary>The highest revision known of any network.</summary>
    public long HighestRevision { get; private set; }

    /// <summary>Takes over what the cache held, before any connection.</summary>
    public ImmutableArray<HeldPolicyChange> Load(IEnumerable<HeldNetworkPolicy> cached)
    {
        var changes = ImmutableArray.CreateBuilder<HeldPolicyChange>();
        foreach (HeldNetworkPolicy policy in cached)
        {
            HeldNetworkPolicy interned = policy with { Items = policy.Items.SetItems(policy.Items.Select(i => KeyValuePair.Create(i.Key, _interner.Intern(i.Value)))) };
            _networks.Add(policy.Network, interned);
            HighestRevision = Math.Max(HighestRevision, policy.Revision);
            changes.Add(new NetworkChanged(interned, [.. interned.Items.Values.Select(i => new ItemChange(null, i))]));
        }

        return changes.ToImmutable();
    }

    /// <summary>The log went back to an earlier revision (restored from a backup).</summary>
    public void AcceptEarlier(long revision) => HighestRevision = revision;

    /// <summary>A new connection: what was open is void. Returns what to claim, as NETWORK:REVISION:DIGEST has it.</summary>
    public ImmutableArray<HeldNetworkPolicy> BeginConnection()
    {
        _snapshots.Clear();
        _attached.Clear();
        _greeted = false;
        _complete = false;
        return [.. _networks.Values.Where(n => n.Revision > 0 && !_doubtful.Contains(n.Network))];
    }

    /// <summary>Takes a message; the changes that follow from it, in order.</summary>
    /// <exception cref="PolicyViolationException">It is not understood, contradicts earlier ones, or a digest does not match.</exception>
    public ImmutableArray<HeldPolicyChange> Apply(PolicyMessage message)
    {
        if (message is HelloMessage hello)
        {
            return Greet(hello);
        }

        if (!_greeted)
        {
            throw new PolicyViolationException($"the stream began with '{Kind(message)}' instead of 'hello'");
        }

        return message switch
        {
            AttachMessage m => Attach(m),
            CurrentMessage m => Confirm(m),
            SnapshotMessage m => OpenSnapshotOf(m),
            ItemsMessage m => Collect(m),
            SnapshotEndMessage m => CloseSnapshot(m),
            DeltaMessage m => ApplyDelta(m),
            DetachMessage m => Detach(m.Network),
            BookmarkMessage m => Bookmark(m),
            _ => throw new PolicyViolationException($"the message '{Kind(message)}' is not known to this agent"),
        };
    }

    /// <summary>Looks at what is learned, and not policy: nothing of it is kept here.</summary>
    /// <exception cref="PolicyViolationException">The network was not attached, or a value is out of range.</exception>
    public void Check(LearnedMessage message)
    {
        if (!_greeted)
        {
            throw new PolicyViolationException($"the stream began with '{Kind(message)}' instead of 'hello'");
        }

        Attached(message.Network, "learned");
        ItemRules.Check(message);
    }

    private static string Kind(PolicyMessage message) => message.GetType().Name.Replace("Message", string.Empty, StringComparison.Ordinal);

    private ImmutableArray<HeldPolicyChange> Greet(HelloMessage hello)
    {
        if (_greeted)
        {
            throw new PolicyViolationException("a second 'hello' came in the same stream");
        }

        if (hello.Protocol is < PolicyProtocol.Oldest or > PolicyProtocol.Version)
        {
            throw new PolicyViolationException(
                $"controller '{hello.Controller}' speaks protocol {hello.Protocol}, this agent {PolicyProtocol.Version}: "
                + $"upgrade the {(hello.Protocol > PolicyProtocol.Version ? "agent" : "controller")}");
        }

        _greeted = true;
        return [];
    }

    private ImmutableArray<HeldPolicyChange> Attach(AttachMessage m)
    {
        if (!Enum.IsDefined(m.Encapsulation))
        {
            throw new PolicyViolationException($"network {m.Network} uses an encapsulation that this agent does not know");
        }

        if (!_attached.Add(m.Network))
        {
            throw new PolicyViolationException($"network {m.Network} was attached twice");
        }

        if (!_networks.TryGetValue(m.Network, out HeldNetworkPolicy? known))
        {
            _networks.Add(m.Network, HeldNetworkPolicy.Empty(m.Network, m.Tenant, m.Name, m.Encapsulation));
            return [];
        }

        HeldNetworkPolicy renamed = known with { Tenant = m.Tenant, Name = m.Name, Encapsulation = m.Encapsulation };
        if (renamed == known)
        {
            return [];
        }

        _networks[m.Network] = renamed;
        return [new NetworkChanged(renamed, [])];
    }

    private ImmutableArray<HeldPolicyChange> Confirm(CurrentMessage m)
    {
        HeldNetworkPolicy known = Attached(m.Network, "current");
        if (!string.Equals(m.Digest, known.Digest.ToString(), StringComparison.OrdinalIgnoreCase) || _doubtful.Contains(m.Network))
        {
            throw Doubt(known, "is said to be current, with another digest");
        }

        if (m.Revision <= known.Revision)
        {
            return [];
        }

        return [Take(known with { Revision = m.Revision }, [])];
    }

    private ImmutableArray<HeldPolicyChange> OpenSnapshotOf(SnapshotMessage m)
    {
        HeldNetworkPolicy known = Attached(m.Network, "snapshot");
        if (!_snapshots.TryAdd(m.Network, new OpenSnapshot(known.Items.KeyComparer)))
        {
            throw new PolicyViolationException($"a second snapshot of {known.Title} began before the first ended");
        }

        return [];
    }

    private ImmutableArray<HeldPolicyChange> Collect(ItemsMessage m)
    {
        HeldNetworkPolicy known = Attached(m.Network, "items");
        if (!_snapshots.TryGetValue(m.Network, out OpenSnapshot? open))
        {
            throw new PolicyViolationException($"items of {known.Title} came outside of a snapshot");
        }

        foreach (PolicyItem item in m.Items)
        {
            ItemRules.Check(m.Network, item);
            open.Digest = open.Digest.Add(item);
            string key = item.Key;
            if (!open.Items.TryAdd(key, _interner.Intern(item)))
            {
                throw new PolicyViolationException($"'{key}' came twice in a snapshot of {known.Title}");
            }
        }

        return [];
    }

    private ImmutableArray<HeldPolicyChange> CloseSnapshot(SnapshotEndMessage m)
    {
        HeldNetworkPolicy known = Attached(m.Network, "end");
        if (!_snapshots.Remove(m.Network, out OpenSnapshot? open))
        {
            throw new PolicyViolationException($"a snapshot of {known.Title} ended that never began");
        }

        if (open.Items.Count != m.Count)
        {
            throw Doubt(known, $"came with {open.Items.Count} of {m.Count} items");
        }

        if (!string.Equals(open.Digest.ToString(), m.Digest, StringComparison.OrdinalIgnoreCase))
        {
            throw Doubt(known, "came with a digest that its items do not have");
        }

        var changes = ImmutableArray.CreateBuilder<ItemChange>();
        ImmutableDictionary<string, PolicyItem>.Builder items = known.Items.ToBuilder();
        foreach ((string key, PolicyItem before) in known.Items)
        {
            if (!open.Items.ContainsKey(key))
            {
                changes.Add(new ItemChange(before, null));
                items.Remove(key);
            }
        }

        foreach ((string key, PolicyItem after) in open.Items)
        {
            known.Items.TryGetValue(key, out PolicyItem? before);
            if (!after.Equals(before))
            {
                changes.Add(new ItemChange(before, after));
                items[key] = after;
            }
        }

        return [Take(known with { Revision = m.Revision, Digest = open.Digest, Items = items.ToImmutable() }, changes.ToImmutable())];
    }

    private ImmutableArray<HeldPolicyChange> ApplyDelta(DeltaMessage m)
    {
        HeldNetworkPolicy known = Attached(m.Network, "delta");
        if (_snapshots.ContainsKey(m.Network))
        {
            throw new PolicyViolationException($"a delta of {known.Title} came inside of a snapshot");
        }

        PolicyDigest digest = known.Digest;
        var changes = ImmutableArray.CreateBuilder<ItemChange>(m.Put.Length + m.Delete.Length);
        ImmutableDictionary<string, PolicyItem>.Builder items = known.Items.ToBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string key in m.Delete)
        {
            if (key is null || !seen.Add(key))
            {
                throw new PolicyViolationException($"a delta of {known.Title} names '{key}' twice");
            }

            if (items.Remove(key, out PolicyItem? before))
            {
                digest = digest.Remove(before);
                changes.Add(new ItemChange(before, null));
            }
        }

        foreach (PolicyItem item in m.Put)
        {
            ItemRules.Check(m.Network, item);
            string key = item.Key;
            if (!seen.Add(key))
            {
                throw new PolicyViolationException($"a delta of {known.Title} names '{key}' twice");
            }

            if (items.TryGetValue(key, out PolicyItem? before))
            {
                digest = digest.Remove(before);
            }

            digest = digest.Add(item);
            PolicyItem interned = _interner.Intern(item);
            if (!interned.Equals(before))
            {
                items[key] = interned;
                changes.Add(new ItemChange(before, interned));
            }
        }

        if (!string.Equals(digest.ToString(), m.Digest, StringComparison.OrdinalIgnoreCase))
        {
            throw Doubt(known, "would have another digest after a delta than the controller says");
        }

        return [Take(known with { Revision = m.Revision, Digest = digest, Items = items.ToImmutable() }, changes.ToImmutable())];
    }

    private ImmutableArray<HeldPolicyChange> Detach(Guid network)
    {
        // A network the host never had may be named: the controller answers a claim of another age.
        _attached.Remove(network);
        _snapshots.Remove(network);
        _doubtful.Remove(network);
        return _networks.Remove(network, out HeldNetworkPolicy? known) ? [new NetworkDetached(known)] : [];
    }

    private ImmutableArray<HeldPolicyChange> Bookmark(BookmarkMessage m)
    {
        if (_snapshots.Count > 0)
        {
            throw new PolicyViolationException("a bookmark came inside of a snapshot");
        }

        var changes = ImmutableArray.CreateBuilder<HeldPolicyChange>();
        if (!_complete)
        {
            // The first bookmark of a connection says that everything was sent: what it did not attach is not here any more.
            foreach (Guid gone in _networks.Keys.Where(n => !_attached.Contains(n)).ToArray())
            {
                changes.AddRange(Detach(gone));
            }

            _complete = true;
        }

        HighestRevision = Math.Max(HighestRevision, m.Revision);
        changes.Add(new BookmarkReached(m.Revision));
        return changes.ToImmutable();
    }

    private HeldNetworkPolicy Attached(Guid network, string what) =>
        _attached.Contains(network)
            ? _networks[network]
            : throw new PolicyViolationException($"'{what}' came for network {network}, which was not attached");

    private NetworkChanged Take(HeldNetworkPolicy policy, ImmutableArray<ItemChange> changes)
    {
        _networks[policy.Network] = policy;
        _doubtful.Remove(policy.Network);
        HighestRevision = Math.Max(HighestRevision, policy.Revision);
        return new NetworkChanged(policy, changes);
    }

    private PolicyViolationException Doubt(HeldNetworkPolicy policy, string what)
    {
        _doubtful.Add(policy.Network);
        return new PolicyViolationException($"the policy of {policy.Title} {what}; it is asked for anew");
    }

    private sealed class OpenSnapshot(IEqualityComparer<string> comparer)
    {
        public Dictionary<string, PolicyItem> Items { get; } = new(comparer);

        public PolicyDigest Digest { get; set; }
    }
}
