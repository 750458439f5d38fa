using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Reading;
using Hnv.Datapath.Tables;

namespace Hnv.Datapath;

/// <summary>
/// The kernel's half of a host: programs at ports and uplinks, and the maps they work from. Pinned, so that frames flow whether this
/// object lives or not: disposing it changes nothing in the kernel, and opening it again adopts what is there.
/// </summary>
/// <remarks>
/// What the tables should hold is said with <see cref="IDesiredTable{TKey,TValue}.Set"/> and
/// <see cref="IDesiredTable{TKey,TValue}.Remove"/>, which only note it; <see cref="Apply"/> writes the differences. Additions go from
/// what others depend on to what depends on it (addresses, peers, subnets, MACs, records, routes), removals the other way round, after
/// all additions. Nothing found in the kernel is removed before <see cref="AllowSweep"/>.
/// Members that change something, and the tables, are for one thread at a time; the Read members may be called by others meanwhile.
/// Interfaces are those of the calling thread's network namespace.
/// </remarks>
public interface IDataplane : IDisposable
{
    /// <summary>What the running kernel can do.</summary>
    KernelFeatures Features { get; }

    /// <summary>How frames from the wire come into each kind of port. Of taps: as it is when the first of them is bound.</summary>
    IReadOnlyList<Decapsulation> Decapsulations { get; }

    /// <summary>Host-local numbers of the routing domains.</summary>
    IRoutingDomains RoutingDomains { get; }

    /// <summary>Provider addresses of this host.</summary>
    IDesiredTable<KernelAddress, LocalPaEntry> LocalPas { get; }

    /// <summary>Provider addresses of other hosts and third-party endpoints.</summary>
    IDesiredTable<KernelAddress, PeerEntry> Peers { get; }

    IDesiredTable<SubnetKey, SubnetEntry> Subnets { get; }

    /// <summary>Who gets a copy of what floods. Slots of a subnet are without gaps; its entry has the counts.</summary>
    IDesiredTable<MemberKey, MemberEntry> Members { get; }

    IDesiredTable<MacKey, LocationEntry> Macs { get; }

    IDesiredTable<RecordKey, RecordEntry> Records { get; }

    IDesiredTable<RouteKey, RouteEntry> Routes { get; }

    /// <summary>Adapters that are about to change their host.</summary>
    IDesiredTable<MacKey, MoveEntry> Moves { get; }

    /// <summary>Addresses that the responder hands out, by port number.</summary>
    IDesiredTable<uint, LeaseEntry> Leases { get; }

    /// <summary>What the responder tells DHCP clients.</summary>
    IDesiredTable<SubnetKey, Dhcp4Entry> Dhcp4 { get; }

    /// <summary>What the responder tells DHCPv6 clients.</summary>
    IDesiredTable<SubnetKey, Dhcp6Entry> Dhcp6 { get; }

    /// <summary>What the distributed gateways advertise.</summary>
    IDesiredTable<SubnetKey, RouterAdvertisementEntry> RouterAdvertisements { get; }

    /// <summary>
    /// From now on VXLAN is sent to this UDP port, and received at it; 0: not at all, such packets are the host's. Written at once.
    /// </summary>
    /// <returns>What keeps received packets from being merged to super-packets, for people; null when nothing does.</returns>
    string? SetVxlanPort(ushort port);

    /// <summary>
    /// The agent is in sync: what is desired is complete. From the next <see cref="Apply"/> on, entries that nobody desires are removed,
    /// ports found at opening that nobody bound are unbound, and routing domains that nobody asked for lose their numbers.
    /// </summary>
    void AllowSweep();

    /// <summary>Writes the differences between what is desired and what is in the kernel. Full or refusing tables are in the answer, not thrown.</summary>
    ApplyResult Apply();

    /// <summary>
    /// What has to be looked after now and then (say, every 10 s): counts the entries that the programs write themselves and grows their
    /// map when it is three quarters full; makes the normaliser anew when somebody deleted it.
    /// </summary>
    void Maintain();

    /// <summary>
    /// Binds an interface to a virtual subnet: map entry, then programs, then link up. Binding anew with other values replaces the entry
    /// atomically; with the same values it changes nothing.
    /// </summary>
    /// <returns>The entry as it stands in the kernel, with the flags that were found to fit the device.</returns>
    /// <exception cref="DataplaneException">The interface is gone, or the kernel refuses.</exception>
    BoundPort BindPort(PortBinding binding);

    /// <summary>Takes the port's entry out. Its interface goes on dropping every frame until it is gone or bound again.</summary>
    /// <returns>False when it was not bound.</returns>
    bool UnbindPort(int interfaceIndex);

    /// <summary>Ports as they stand in the kernel: interface index and entry.</summary>
    IReadOnlyList<KeyValuePair<int, PortEntry>> ReadPorts();

    /// <summary>Receives encapsulated frames at an interface on the provider network. Others' filters there stay. Repeating it is harmless.</summary>
    /// <exception cref="DataplaneException">The interface is gone, or the kernel refuses.</exception>
    void AttachUplink(int interfaceIndex);

    /// <returns>False when nothing of ours was attached.</returns>
    bool DetachUplink(int interfaceIndex);

    /// <summary>Interfaces whose ingress has the uplink program.</summary>
    IReadOnlyList<int> ReadUplinks();

    IReadOnlyList<KeyValuePair<SubnetKey, SubnetEntry>> ReadSubnets();

    IReadOnlyList<KeyValuePair<RecordKey, RecordEntry>> ReadRecords();

    IReadOnlyList<KeyValuePair<RouteKey, RouteEntry>> ReadRoutes();

    IReadOnlyList<KeyValuePair<KernelAddress, PeerEntry>> ReadPeers();

    /// <summary>What the programs learned.</summary>
    IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> ReadLearned();

    /// <summary>What the programs learned of one address.</summary>
    bool TryReadLearned(RecordKey key, out LearnedEntry entry);

    /// <summary>
    /// Puts something that others learned (or the agent's own correction). The programs write there too, at any moment: whoever calls compares
    /// versions first, and looks again when an event says that they did. Any thread may call it; a map that is full grows.
    /// </summary>
    void PutLearned(RecordKey key, LearnedEntry entry);

    /// <summary>Forgets something learned (ageing, audit). Any thread may call it.</summary>
    /// <returns>False when it was not there.</returns>
    bool RemoveLearned(RecordKey key);

    /// <summary>How many addresses each port holds by the programs' count, by the port's number.</summary>
    IReadOnlyList<KeyValuePair<uint, uint>> ReadLearnedCounts();

    /// <summary>Corrects a count that an audit found wrong. Any thread may call it.</summary>
    void PutLearnedCount(uint portId, uint count);

    /// <summary>How many entries the announcements of other hosts made by the programs' count, by provider address.</summary>
    IReadOnlyList<KeyValuePair<KernelAddress, PeerLearnedEntry>> ReadPeerLearned();

    /// <summary>Corrects such a count; none: forgets the host. Any thread may call it.</summary>
    void PutPeerLearned(KernelAddress pa, PeerLearnedEntry? entry);

    /// <summary>Begins to read what the programs tell. One reader at a time.</summary>
    ILearnEvents OpenEvents();

    /// <summary>Lets a frame enter at a port as if its VM had sent it. Any thread may call it.</summary>
    /// <exception cref="DataplaneException">The interface is gone, or the kernel refuses.</exception>
    void InjectFromPort(int interfaceIndex, ReadOnlySpan<byte> frame);

    /// <summary>Sends a frame to a port's VM, past the guard. Any thread may call it.</summary>
    /// <exception cref="DataplaneException">The interface is gone, or down.</exception>
    void SendToPort(int interfaceIndex, ReadOnlySpan<byte> frame);

    /// <summary>Which of the <see cref="Moves"/> took effect, as far as the programs heard.</summary>
    IReadOnlyList<KeyValuePair<MacKey, ActivationEntry>> ReadActivations();

    /// <summary>Packets and bytes by port and verdict, summed over the CPUs; port 0 is the uplinks.</summary>
    IReadOnlyList<VerdictCounter> ReadCounters();

    /// <summary>What crossed each port, summed over the CPUs.</summary>
    IReadOnlyList<PortTraffic> ReadTraffic();

    /// <summary>Fill level and memory of every map.</summary>
    IReadOnlyList<TableUsage> ReadUsage();

    /// <summary>What the programs decided for the last frame on a CPU.</summary>
    DecisionEntry ReadDecision(int cpu);

    /// <summary>
    /// Uninstalls: removes the filters, qdiscs that were made for them and are empty now, the normaliser and every pin of ours, and nothing
    /// else. Afterwards only <see cref="IDisposable.Dispose"/> may be called.
    /// </summary>
    void Purge();
}
