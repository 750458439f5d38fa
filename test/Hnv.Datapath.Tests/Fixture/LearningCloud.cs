using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>The cloud with a blue subnet that learns, and the words that its VMs say.</summary>
internal sealed class LearningCloud
{
    public const uint Epoch = 3;

    /// <summary>A deadline that never passes; an even number, as all are.</summary>
    public const ulong FarFuture = ulong.MaxValue - 1;
    public static readonly MacAddress Broadcast = MacAddress.Parse("ff:ff:ff:ff:ff:ff");
    public static readonly MacAddress Vrrp4 = MacAddress.Parse("00:00:5e:00:01:07");
    public static readonly IPAddress Vip4 = IPAddress.Parse("10.0.0.50");
    public static readonly IPAddress Vip6 = IPAddress.Parse("2001:db8:5001::50");

    public LearningCloud(TestCloud cloud, LearnSources sources = LearnSources.All, ushort limit = 4)
    {
        Cloud = cloud;
        cloud.Reset();
        foreach (TestHost host in cloud.Hosts)
        {
            TestSubnet blue = cloud.Blue;
            host.Programs.Map("subnets").Update(new SubnetKey(blue.Vsid), new SubnetEntry(blue.Rd, blue.GatewayMac, blue.Gateway4, blue.Gateway6) with { Flags = SubnetFlags.Learns, Epoch = Epoch });
        }

        foreach (TestVm vm in (ReadOnlySpan<TestVm>)[cloud.Blue5, cloud.Blue6, cloud.Blue7])
        {
            SetPort(vm, sources, limit);
        }
    }

    public TestCloud Cloud { get; }

    public static IPAddress Vip(bool v6) => v6 ? Vip6 : Vip4;

    public static void SetPort(TestVm vm, LearnSources sources, ushort limit, uint stormLimit = 0) => vm.Host.Programs.Map("ports").Update(
        (uint)vm.Interface,
        new PortEntry(vm.Subnet.Vsid, vm.Subnet.Rd, vm.PortId, PortFlags.None, vm.Mac) with { LearnLimit = limit, LearnSources = sources, StormLimit = stormLimit });

    /// <summary>Gratuitous ARP, or an unsolicited neighbour advertisement.</summary>
    public static byte[] Announce(TestVm vm, IPAddress address, MacAddress? mac = null)
    {
        MacAddress sender = mac ?? vm.Mac;
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? PacketBuilder.Ethernet(sender, Broadcast).Arp(new ArpPacket(ArpOperation.Request, sender, address, default, address)).ToArray(60)
            : Advertise(sender, IPAddress.Parse("ff02::1"), IpAddresses.MulticastMac(IPAddress.Parse("ff02::1")), address);
    }

    public static byte[] Advertise(MacAddress sender, IPAddress to, MacAddress toMac, IPAddress address) => PacketBuilder.Ethernet(sender, toMac)
        .IPv6(address, to, h => h with { HopLimit = 255 })
        .NeighborAdvertisement(address, NeighborAdvertisementFlags.Override, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, sender)).ToArray();

    /// <summary>The probe of duplicate address detection: from the unspecified address, to the group or one MAC.</summary>
    public static byte[] Dad(MacAddress sender, IPAddress address, MacAddress? to = null) =>
        PacketBuilder.Ethernet(sender, to ?? IpAddresses.MulticastMac(IpAddresses.SolicitedNode(address)))
            .IPv6(IPAddress.IPv6Any, IpAddresses.SolicitedNode(address), h => h with { HopLimit = 255 }).NeighborSolicitation(address).ToArray();

    /// <summary>What a challenge becomes: the question to the holder.</summary>
    public static byte[] Probe(TestVm challenger, MacAddress holder, IPAddress address, MacAddress? claimed = null) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? PacketBuilder.Ethernet(claimed ?? challenger.Mac, holder)
                .Arp(new ArpPacket(ArpOperation.Request, challenger.Mac, IPAddress.Any, default, address)).ToArray(60)
            : Dad(claimed ?? challenger.Mac, address, holder);

    /// <summary>How a holder that lives answers the probe.</summary>
    public static byte[] Answer(TestVm holder, TestVm challenger, IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
        ? holder.To(challenger).Arp(new ArpPacket(ArpOperation.Reply, holder.Mac, address, challenger.Mac, IPAddress.Any)).ToArray(60)
        : Announce(holder, address);

    public static string Entry(IPAddress address, string holder, int sign = 1) => HostState.Tell($"learned {address} in 5001: {holder}", sign);

    public static string Held(TestVm vm, int by) => HostState.Tell($"port {vm.PortId} addresses", by);

    public static string Told(LearnEventKind kind, IPAddress address, MacAddress mac, uint portId) => HostState.Tell(HostState.Event(kind, address, mac, portId), 1);

    /// <summary>"MAC at port N by SOURCE epoch.counter", as the state names it.</summary>
    public static string Local(TestVm vm, LearnSource source, uint counter = 1, MacAddress? mac = null) =>
        $"{mac ?? vm.Mac} at port {vm.PortId} by {source} {Epoch}.{counter} {RecordFlags.Unsynchronized}";

    public static string Remote(TestVm vm, uint counter = 1, MacAddress? mac = null) =>
        $"{mac ?? vm.Mac} at {vm.Host.Pa} by {LearnSource.Peer} {Epoch}.{counter} {RecordFlags.Unsynchronized}";

    public static string WantedBy(TestVm vm, TestHost seenFrom) => $", wanted by {vm.Mac} at {(vm.Host == seenFrom ? $"port {vm.PortId}" : vm.Host.Pa)}";

    public static string Before(TestVm vm, TestHost seenFrom) => $", before {vm.Mac} at {(vm.Host == seenFrom ? $"port {vm.PortId}" : vm.Host.Pa)}";

    public static LearnedEntry? Find(TestHost host, IPAddress address)
    {
        using BpfMap learned = host.Programs.Inner("learned");
        return learned.TryLookup<RecordKey, LearnedEntry>(new RecordKey(5001, address), out LearnedEntry entry) ? entry : null;
    }

    public static void Change(TestHost host, IPAddress address, Func<LearnedEntry, LearnedEntry> change)
    {
        using BpfMap learned = host.Programs.Inner("learned");
        learned.Update(new RecordKey(5001, address), change(Find(host, address) ?? throw new InvalidOperationException($"Nobody has {address}.")));
    }

    /// <summary>The holder's time is over, in silence.</summary>
    public static void Expire(TestHost host, IPAddress address) => Change(host, address, entry => entry with { DeadlineNs = 2 });

    /// <summary>Whatever happened to it, happened long ago.</summary>
    public static void Age(TestHost host, IPAddress address) => Change(host, address, entry => entry with { SeenNs = 1 });
}
