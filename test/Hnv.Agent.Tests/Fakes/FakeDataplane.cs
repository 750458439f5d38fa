using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Threading.Channels;
using Hnv.Datapath;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Reading;
using Hnv.Datapath.Tables;
using Hnv.Linux;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>A data plane without a kernel: remembers what is desired, what was applied, and in which order things were asked for.</summary>
internal sealed class FakeDataplane : IDataplane
{
    private readonly FakeRoutingDomains _domains = new();

    public List<string> Calls { get; } = [];

    public SortedDictionary<int, PortBinding> Bound { get; } = [];

    public HashSet<int> Uplinks { get; } = [];

    public bool SweepAllowed { get; private set; }

    /// <summary>What the next Apply calls answer.</summary>
    public ImmutableArray<TableFailure> Failures { get; set; } = [];

    /// <summary>Interfaces that refuse to be bound.</summary>
    public HashSet<int> Unbindable { get; } = [];

    /// <summary>Uplinks that refuse to be attached.</summary>
    public HashSet<int> Unattachable { get; } = [];

    /// <summary>Interfaces that refuse to be unbound.</summary>
    public HashSet<int> Stuck { get; } = [];

    public KernelFeatures Features { get; } = KernelFeatureSets.All("6.1.0").Without(KernelFeature.DecapsulationFamily);

    public IReadOnlyList<Decapsulation> Decapsulations =>
    [
        new(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, PortDevice.VethPeer, DecapsulationWay.ChangeProtocol),
        new(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, PortDevice.Normalise, DecapsulationWay.SegmentRouting),
    ];

    /// <summary>As it was set last.</summary>
    public ushort VxlanPort { get; private set; }

    public string? SetVxlanPort(ushort port)
    {
        if (port != VxlanPort)
        {
            Calls.Add($"vxlan {port}");
        }

        VxlanPort = port;
        return null;
    }

    public FakeRoutingDomains Domains => _domains;

    public IRoutingDomains RoutingDomains => _domains;

    public IDesiredTable<KernelAddress, LocalPaEntry> LocalPas { get; } = new FakeTable<KernelAddress, LocalPaEntry>("local_pas");

    public IDesiredTable<KernelAddress, PeerEntry> Peers { get; } = new FakeTable<KernelAddress, PeerEntry>("peers");

    public IDesiredTable<SubnetKey, SubnetEntry> Subnets { get; } = new FakeTable<SubnetKey, SubnetEntry>("subnets");

    public IDesiredTable<MemberKey, MemberEntry> Members { get; } = new FakeTable<MemberKey, MemberEntry>("members");

    public IDesiredTable<MacKey, LocationEntry> Macs { get; } = new FakeTable<MacKey, LocationEntry>("macs");

    public IDesiredTable<RecordKey, RecordEntry> Records { get; } = new FakeTable<RecordKey, RecordEntry>("records");

    public IDesiredTable<RouteKey, RouteEntry> Routes { get; } = new FakeTable<RouteKey, RouteEntry>("routes");

    public IDesiredTable<MacKey, MoveEntry> Moves { get; } = new FakeTable<MacKey, MoveEntry>("moves");

    public IDesiredTable<uint, LeaseEntry> Leases { get; } = new FakeTable<uint, LeaseEntry>("leases");

    public IDesiredTable<SubnetKey, Dhcp4Entry> Dhcp4 { get; } = new FakeTable<SubnetKey, Dhcp4Entry>("dhcp4");

    public IDesiredTable<SubnetKey, Dhcp6Entry> Dhcp6 { get; } = new FakeTable<SubnetKey, Dhcp6Entry>("dhcp6");

    public IDesiredTable<SubnetKey, RouterAdvertisementEntry> RouterAdvertisements { get; } =
        new FakeTable<SubnetKey, RouterAdvertisementEntry>("router_advertisements");

    /// <summary>Everything desired, as text, sorted: for comparison.</summary>
    public string[] Everything() =>
    [
        .. LocalPas.Desired.Select(e => $"local_pas {e.Key} = {e.Value}")
            .Concat(Peers.Desired.Select(e => $"peers {e.Key} = {e.Value}"))
            .Concat(Subnets.Desired.Select(e => $"subnets {e.Key} = {e.Value}"))
            .Concat(Members.Desired.SelectMany(e => (string[])[$"member slots {e.Key}", $"members {e.Key.Vsid} = {e.Value}"])) // Who has which slot follows from the order.
            .Concat(Macs.Desired.Select(e => $"macs {e.Key} = {e.Value}"))
            .Concat(Records.Desired.Select(e => $"records {e.Key} = {e.Value}"))
            .Concat(Routes.Desired.Select(e => $"routes {e.Key} = {e.Value}"))
            .Concat(Moves.Desired.Select(e => $"moves {e.Key} = {e.Value}"))
            .Concat(Leases.Desired.Select(e => $"leases {e.Key} = {e.Value}"))
            .Concat(Dhcp4.Desired.Select(e => $"dhcp4 {e.Key} = {e.Value}"))
            .Concat(Dhcp6.Desired.Select(e => $"dhcp6 {e.Key} = {e.Value}"))
            .Concat(RouterAdvertisements.Desired.Select(e => $"router_advertisements {e.Key} = {e.Value}"))
            .Order(StringComparer.Ordinal),
    ];

    public void AllowSweep()
    {
        Calls.Add("sweep");
        SweepAllowed = true;
    }

    public ApplyResult Apply()
    {
        Calls.Add("apply");
        return new ApplyResult(0, 0, Failures);
    }

    public void Maintain() => Calls.Add("maintain");

    public BoundPort BindPort(PortBinding binding)
    {
        if (Unbindable.Contains(binding.InterfaceIndex))
        {
            throw new DataplaneException($"interface {binding.InterfaceIndex} refuses");
        }

        Calls.Add($"bind {binding.InterfaceIndex}");
        Bound[binding.InterfaceIndex] = binding;
        return new BoundPort(binding.InterfaceIndex, new PortEntry(binding.Vsid, binding.Rd, binding.PortId, PortFlags.None, binding.Mac), IsGuarded: true);
    }

    public bool UnbindPort(int interfaceIndex)
    {
        if (Stuck.Contains(interfaceIndex))
        {
            throw new DataplaneException($"interface {interfaceIndex} does not let go");
        }

        Calls.Add($"unbind {interfaceIndex}");
        if (Bound.TryGetValue(interfaceIndex, out PortBinding? forgotten))
        {
            Counters.RemoveAll(c => c.PortId == forgotten.PortId);
            Traffic.RemoveAll(t => t.PortId == forgotten.PortId);
        }

        return Bound.Remove(interfaceIndex);
    }

    public IReadOnlyList<KeyValuePair<int, PortEntry>> ReadPorts() =>
        [.. Bound.Select(b => KeyValuePair.Create(b.Key, new PortEntry(b.Value.Vsid, b.Value.Rd, b.Value.PortId, PortFlags.None, b.Value.Mac)))];

    public void AttachUplink(int interfaceIndex)
    {
        if (Unattachable.Contains(interfaceIndex))
        {
            throw new DataplaneException($"uplink {interfaceIndex} refuses");
        }

        Calls.Add($"attach {interfaceIndex}");
        Uplinks.Add(interfaceIndex);
    }

    public bool DetachUplink(int interfaceIndex)
    {
        Calls.Add($"detach {interfaceIndex}");
        return Uplinks.Remove(interfaceIndex);
    }

    public IReadOnlyList<int> ReadUplinks() => [.. Uplinks];

    public IReadOnlyList<KeyValuePair<SubnetKey, SubnetEntry>> ReadSubnets() => [.. Subnets.Desired];

    public IReadOnlyList<KeyValuePair<RecordKey, RecordEntry>> ReadRecords() => [.. Records.Desired];

    public IReadOnlyList<KeyValuePair<RouteKey, RouteEntry>> ReadRoutes() => [.. Routes.Desired];

    public IReadOnlyList<KeyValuePair<KernelAddress, PeerEntry>> ReadPeers() => [.. Peers.Desired];

    /// <summary>What the programs "learned".</summary>
    public Dictionary<RecordKey, LearnedEntry> Learned { get; } = [];

    public IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> ReadLearned()
    {
        KeyValuePair<RecordKey, LearnedEntry>[] all = [.. Learned];
        Listed();
        return all;
    }

    public void PutLearned(RecordKey key, LearnedEntry entry) => Learned[key] = entry;

    public bool RemoveLearned(RecordKey key) => Learned.Remove(key);

    public bool TryReadLearned(RecordKey key, out LearnedEntry entry) => Learned.TryGetValue(key, out entry);

    /// <summary>Addresses by port, as the programs count them.</summary>
    public Dictionary<uint, uint> LearnedCounts { get; } = [];

    public IReadOnlyList<KeyValuePair<uint, uint>> ReadLearnedCounts() => [.. LearnedCounts];

    public void PutLearnedCount(uint portId, uint count) => LearnedCounts[portId] = count;

    /// <summary>Entries by provider address, as the programs count them.</summary>
    public Dictionary<KernelAddress, PeerLearnedEntry> PeerLearned { get; } = [];

    /// <summary>Runs when what is learned was listed: programs go on meanwhile.</summary>
    public Action Listed { get; set; } = () => { };

    public IReadOnlyList<KeyValuePair<KernelAddress, PeerLearnedEntry>> ReadPeerLearned() => [.. PeerLearned];

    public void PutPeerLearned(KernelAddress pa, PeerLearnedEntry? entry)
    {
        if (entry is { } counted)
        {
            PeerLearned[pa] = counted;
        }
        else
        {
            PeerLearned.Remove(pa);
        }
    }

    /// <summary>What the programs tell.</summary>
    public FakeEvents Events { get; } = new();

    public ILearnEvents OpenEvents() => Events;

    /// <summary>Frames let in at ports, and sent to VMs.</summary>
    public List<(int Interface, byte[] Frame)> Injected { get; } = [];

    public List<(int Interface, byte[] Frame)> Sent { get; } = [];

    public void InjectFromPort(int interfaceIndex, ReadOnlySpan<byte> frame) => Injected.Add((interfaceIndex, frame.ToArray()));

    public void SendToPort(int interfaceIndex, ReadOnlySpan<byte> frame) => Sent.Add((interfaceIndex, frame.ToArray()));

    /// <summary>Adapters that the programs "heard" where they move to.</summary>
    public Dictionary<MacKey, ActivationEntry> Activations { get; } = [];

    public IReadOnlyList<KeyValuePair<MacKey, ActivationEntry>> ReadActivations() => [.. Activations];

    /// <summary>By port and verdict.</summary>
    public List<VerdictCounter> Counters { get; } = [new(0, Verdict.UnknownPeer, 2, 200), new(7, Verdict.Encapsulated, 3, 300)];

    public List<PortTraffic> Traffic { get; } = [new(7, 1, 2, 3, 4)];

    public IReadOnlyList<VerdictCounter> ReadCounters() => [.. Counters];

    public IReadOnlyList<PortTraffic> ReadTraffic() => [.. Traffic];

    public IReadOnlyList<TableUsage> ReadUsage() => [new("records", Records.Count, 16384, 4096)];

    public DecisionEntry ReadDecision(int cpu) => default;

    public void Purge() => Calls.Add("purge");

    public void Dispose()
    {
        // Nothing in the kernel, nothing to dispose of.
    }

    internal sealed class FakeEvents : ILearnEvents
    {
        private readonly Channel<LearnEvent> _queue = Channel.CreateUnbounded<LearnEvent>();

        public bool Overrun { get; set; }

        public void Tell(LearnEvent e) => _queue.Writer.TryWrite(e);

        public ValueTask<bool> WaitAsync(CancellationToken ct) => _queue.Reader.WaitToReadAsync(ct);

        public bool TryRead([NotNullWhen(true)] out LearnEvent? e)
        {
            bool read = _queue.Reader.TryRead(out LearnEvent next);
            e = read ? next : null;
            return read;
        }

        public bool TakeOverrun() => Overrun && !(Overrun = false);

        public void Dispose() => _queue.Writer.TryComplete();
    }

    internal sealed class FakeRoutingDomains : IRoutingDomains
    {
        private readonly Dictionary<Guid, uint> _numbers = [];
        private uint _next = 1;

        public HashSet<Guid> Released { get; } = [];

        public Guid? Refuse { get; set; }

        public uint Number(Guid routingDomainId)
        {
            if (routingDomainId == Refuse)
            {
                throw new DataplaneException("no room for another routing domain");
            }

            Released.Remove(routingDomainId);
            if (!_numbers.TryGetValue(routingDomainId, out uint number))
            {
                _numbers.Add(routingDomainId, number = _next++);
            }

            return number;
        }

        public void Release(Guid routingDomainId) => Released.Add(routingDomainId);

        public Guid? Find(uint number) => _numbers.Where(n => n.Value == number).Select(n => (Guid?)n.Key).FirstOrDefault();
    }

    private sealed class FakeTable<TKey, TValue>(string name) : IDesiredTable<TKey, TValue>
        where TKey : unmanaged, IEquatable<TKey>
        where TValue : unmanaged, IEquatable<TValue>
    {
        private readonly Dictionary<TKey, TValue> _entries = [];

        public string Name => name;

        public int Count => _entries.Count;

        public int Pending => 0;

        public IEnumerable<KeyValuePair<TKey, TValue>> Desired => _entries;

        public void Set(TKey key, TValue value) => _entries[key] = value;

        public bool Remove(TKey key) => _entries.Remove(key);

        public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);
    }
}
