using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>A host without devices: its programs, its maps, and frames that enter them.</summary>
internal sealed class TestHost : IDisposable
{
    private readonly PacketThread _thread;

    public TestHost(PacketThread thread, string providerAddress, params (string Name, uint Value)[] globals)
        : this(thread, providerAddress, new ProgramSet(globals))
    {
    }

    /// <param name="programs">Its own from now on.</param>
    public TestHost(PacketThread thread, string providerAddress, ProgramSet programs)
    {
        _thread = thread;
        Pa = IPAddress.Parse(providerAddress);
        Programs = programs;
        Events = new EventRing(Programs.Map("events"));
    }

    public EventRing Events { get; }

    public IPAddress Pa { get; }

    /// <summary>The host's IPv6 provider address, which only tests of a form give it: fd00:4::11 where <see cref="Pa"/> is 192.168.4.11.</summary>
    public IPAddress Pa6 => IPAddress.Parse($"fd00:4::{Pa.GetAddressBytes()[3]}");

    public ProgramSet Programs { get; }

    /// <summary>The interface on the provider network; the same on every host.</summary>
    public int Uplink => _thread.Interfaces[^1];

    /// <summary>The shortest cut of a frame that BPF_PROG_RUN takes: the headers that its EtherType promises.</summary>
    public static int Smallest(byte[] frame) => EthernetHeader.UntaggedLength + (EtherType)(frame[12] << 8 | frame[13]) switch
    {
        EtherType.IPv4 => IPv4Header.MinLength,
        EtherType.IPv6 => IPv6Header.Length,
        _ => 0,
    };

    /// <summary>Forgets everything and says again who this host is.</summary>
    public void Reset()
    {
        Programs.Clear();
        Events.Drain();
        Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None));
        Programs.Map("local_pas").Update<KernelAddress, LocalPaEntry>(Pa, new LocalPaEntry((uint)Uplink));
    }

    public void AddPeer(IPAddress pa, uint mtu = 1600, PeerFlags flags = PeerFlags.None) =>
        Programs.Map("peers").Update<KernelAddress, PeerEntry>(pa, new PeerEntry(pa.AddressFamily == Pa.AddressFamily ? Pa : Pa6, (uint)Uplink, mtu, flags));

    /// <summary>The subnet with its gateway's records and its on-link routes.</summary>
    public void AddSubnet(TestSubnet subnet)
    {
        Programs.Map("subnets").Update(new SubnetKey(subnet.Vsid), new SubnetEntry(subnet.Rd, subnet.GatewayMac, subnet.Gateway4, subnet.Gateway6));
        foreach ((IPNetwork prefix, IPAddress gateway) in (ReadOnlySpan<(IPNetwork, IPAddress)>)[(subnet.V4, subnet.Gateway4), (subnet.V6, subnet.Gateway6)])
        {
            AddRoute(subnet.Rd, prefix, subnet.Vsid, null);
            SetRecord(subnet.Vsid, gateway, new RecordEntry(KernelMac.From(subnet.GatewayMac), RecordKind.DistributedGateway, RecordFlags.None, default, 0));
        }
    }

    public void AddRoute(uint rd, IPNetwork prefix, uint vsid, IPAddress? nextHop) =>
        Programs.Map("routes").Update(new RouteKey(rd, prefix), new RouteEntry(vsid, nextHop));

    /// <summary>Hands out the VM's addresses.</summary>
    public void AddLease(TestVm vm, bool v4 = true, bool v6 = true) =>
        Programs.Map("leases").Update(vm.PortId, new LeaseEntry(v4 ? vm.V4 : null, v6 ? vm.V6 : null));

    public void SetDhcp4(TestSubnet subnet, Dhcp4Entry entry) => Programs.Map("dhcp4").Update(new SubnetKey(subnet.Vsid), entry);

    public void SetDhcp6(TestSubnet subnet, Dhcp6Entry entry) => Programs.Map("dhcp6").Update(new SubnetKey(subnet.Vsid), entry);

    public void SetAdvertisement(TestSubnet subnet, byte[] message) =>
        Programs.Map("router_advertisements").Update(new SubnetKey(subnet.Vsid), RouterAdvertisementEntry.Create(message));

    /// <summary>A VM of this host: its port, its adapter, its records.</summary>
    public void AddLocal(TestVm vm, PortFlags flags = PortFlags.None)
    {
        AddPort(vm, flags);
        AddRecords(vm, RecordEntry.Local(vm.Mac, RecordKind.Static, vm.Interface), LocationEntry.Local(vm.Interface));
    }

    public void AddPort(TestVm vm, PortFlags flags = PortFlags.None) =>
        Programs.Map("ports").Update((uint)vm.Interface, new PortEntry(vm.Subnet.Vsid, vm.Subnet.Rd, vm.PortId, flags, vm.Mac));

    /// <summary>A VM of another host.</summary>
    public void AddRemote(TestVm vm) => AddRemote(vm, vm.Host.Pa);

    public void AddRemote(TestVm vm, IPAddress pa) => AddRecords(vm, RecordEntry.Remote(vm.Mac, RecordKind.Static, pa), LocationEntry.Remote(pa));

    public void SetRecord(uint vsid, IPAddress ca, RecordEntry record)
    {
        using BpfMap records = Programs.Inner("records");
        records.Update(new RecordKey(vsid, ca), record);
    }

    public bool RemoveRecord(uint vsid, IPAddress ca)
    {
        using BpfMap records = Programs.Inner("records");
        return records.Delete(new RecordKey(vsid, ca));
    }

    public void SetMac(uint vsid, MacAddress mac, LocationEntry location)
    {
        using BpfMap macs = Programs.Inner("macs");
        macs.Update(new MacKey(vsid, mac), location);
    }

    public bool RemoveMac(uint vsid, MacAddress mac)
    {
        using BpfMap macs = Programs.Inner("macs");
        return macs.Delete(new MacKey(vsid, mac));
    }

    /// <summary>A frame that a VM sends.</summary>
    public Passage FromVm(TestVm vm, byte[] frame, uint mark = 0, uint gsoSize = 0) => Enter("port_ingress", vm.Interface, vm.PortId, frame, mark, gsoSize);

    /// <summary>A frame that a VM sends and that must leave for another host: its bytes on the wire.</summary>
    /// <remarks>What bpf_skb_adjust_room refuses (ARP) enters again at the uplink, which sends it on as it is and notes nothing.</remarks>
    public Passage FromVmToWire(TestVm vm, byte[] frame)
    {
        Passage sent = FromVm(vm, frame).Went(Verdict.Encapsulated).To(Uplink);
        if (sent.Mark == Passage.MarkEncapsulated)
        {
            Passage again = FromWire(sent.Bytes, sent.Mark).As(sent.Bytes);
            Assert.Equal((Passage.Redirect, 0u), (again.Action, again.Mark));
            Assert.Empty(again.Changes);
        }

        return sent;
    }

    /// <summary>A frame that arrives at an interface that need not be a port.</summary>
    public Passage FromPort(int interfaceIndex, byte[] frame, uint portId = 0) => Enter("port_ingress", interfaceIndex, portId, frame);

    /// <summary>A frame from the provider network.</summary>
    public Passage FromWire(byte[] frame, uint mark = 0) => Enter("uplink_ingress", Uplink, 0, frame, mark);

    public Passage Enter(string program, int interfaceIndex, uint portId, byte[] frame, uint mark = 0, uint gsoSize = 0) => _thread.Run(() =>
    {
        Events.Drain();
        HostState before = HostState.Read(Programs);
        (BpfTestRun run, DecisionEntry decision) = Run(program, interfaceIndex, frame, mark, gsoSize);
        return new Passage(frame, run.ReturnValue, run.Packet, run.Context.Mark, decision, HostState.Read(Programs, Events.Drain()).ChangesSince(before), portId);
    });

    /// <summary>As <see cref="Enter"/>, without looking at what changed: for many frames.</summary>
    public (BpfTestRun Run, DecisionEntry Decision) Run(string program, int interfaceIndex, byte[] frame, uint mark = 0, uint gsoSize = 0) => _thread.Run(() =>
    {
        // Not every way leads to a decision: what an earlier frame left must not be taken for this one's.
        Programs.Map("decision").UpdatePerCpu<uint, DecisionEntry>(0, new DecisionEntry[PossibleCpus.Count]);
        BpfTestRun run = Programs.Programs[program].TestRun(frame, new SkBuffContext { Interface = (uint)interfaceIndex, Mark = mark, GsoSize = gsoSize });
        return (run, Programs.Map("decision").LookupPerCpu<uint, DecisionEntry>(0)![PacketThread.Cpu]);
    });

    public void Dispose()
    {
        Events.Dispose();
        Programs.Dispose();
    }

    private void AddRecords(TestVm vm, RecordEntry record, LocationEntry location)
    {
        SetRecord(vm.Subnet.Vsid, vm.V4, record);
        SetRecord(vm.Subnet.Vsid, vm.V6, record);
        SetMac(vm.Subnet.Vsid, vm.Mac, location);
    }
}
