using System.Net;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Programs;
using Hnv.Datapath.Reading;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>Ports, uplinks and the normaliser pair, on real devices.</summary>
public sealed class PortTests : IDisposable
{
    private static readonly MacAddress s_mac = MacAddress.Parse("06:06:00:00:00:05");
    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void BindPort_VethIntoAnotherNamespace_IsAPeer()
    {
        using Dataplane dataplane = _host.Open();
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");

        BoundPort port = Bind(dataplane, vm.Port);

        Assert.Equal(new BoundPort(vm.Port, new PortEntry(5001, 1, 7, PortFlags.Peer, s_mac), IsGuarded: true), port);
        Assert.Equal([KeyValuePair.Create(vm.Port, port.Entry)], dataplane.ReadPorts());
        Assert.True(_host.Route.FindLink(vm.Port)!.IsUp);
        Assert.Equal("1", _host.Namespace.Run(() => Sysctl.Read("net/ipv6/conf/p1/disable_ipv6")));
    }

    [Theory]
    [InlineData(1u, 0x8000_1389u, true)]
    [InlineData(0x8000_1389u, 1u, true)]
    [InlineData(1u, 2u, false)]
    public void Adapter_WhoseSubnetHasRoutesOfItsOwnNow_IsTheSame(uint before, uint after, bool same) =>
        Assert.Equal(same, new PortEntry(5001, before, 7, PortFlags.Peer, s_mac).IsSameAdapter(new PortEntry(5001, after, 7, PortFlags.Peer, s_mac)));

    [Fact]
    public void BindPort_VethWithBothEndsHere_IsPlain()
    {
        using Dataplane dataplane = _host.Open();
        int index = _host.Route.CreateVeth(new VethSpec("v0", "v1")).Index;

        Assert.Equal(PortFlags.None, Bind(dataplane, index).Entry.Flags);
    }

    [Fact]
    public void BindPort_Tap_GetsAnUnwrappingNormaliser_ThatAdoptionKeeps()
    {
        int tap = AddTap("tap0");
        (string Name, int Index)[] pair;
        using (Dataplane first = _host.Open())
        {
            Assert.DoesNotContain(_host.Route.GetLinks(), link => link.Name.StartsWith("hnvn", StringComparison.Ordinal));
            Assert.Equal(PortFlags.Normalise, Bind(first, tap).Entry.Flags);
            pair = NormaliserPair();
        }

        Assert.Equal(2, pair.Length);
        ConfigEntry config = ReadConfig();
        (string name, int index) = pair[1];
        Assert.Equal(new ConfigEntry(Layout.Version, (uint)index, (uint)index, ConfigFlags.Unwrap), config);
        Assert.Contains($"End.DX2 oif {name}", Command.Run("ip", "-n", _host.Name, "-6", "route", "show", "fd48:4e56::1"), StringComparison.Ordinal);
        Assert.Contains("normaliser_exit", Command.Run("tc", "-n", _host.Name, "filter", "show", "dev", name, "egress"), StringComparison.Ordinal);

        using Dataplane next = _host.Open();
        Bind(next, tap);
        Assert.Equal(pair, NormaliserPair());
        Assert.Equal(config, ReadConfig());
    }

    [Fact]
    public void Maintain_AfterTheNormaliserWasDeleted_MakesItAnew()
    {
        using Dataplane dataplane = _host.Open();
        Bind(dataplane, AddTap("tap0"));
        _host.Route.DeleteLink(NormaliserPair()[1].Index);

        _host.Namespace.Run(dataplane.Maintain);
        Assert.Equal((uint)NormaliserPair()[1].Index, ReadConfig().NormaliserIn);
    }

    [Fact]
    public void Maintain_AfterSomebodySwitchedIPv6OffEverywhere_PutsTheNormaliserRight()
    {
        using Dataplane dataplane = _host.Open();
        Bind(dataplane, AddTap("tap0"));
        _host.Namespace.Run(() => Sysctl.Write("net/ipv6/conf/all/disable_ipv6", 1));
        Assert.DoesNotContain("End.DX2", Command.Run("ip", "-n", _host.Name, "-6", "route", "show", "fd48:4e56::1"), StringComparison.Ordinal);

        _host.Namespace.Run(dataplane.Maintain);
        Assert.Contains("End.DX2", Command.Run("ip", "-n", _host.Name, "-6", "route", "show", "fd48:4e56::1"), StringComparison.Ordinal);
        Assert.Equal(ConfigFlags.Unwrap, ReadConfig().Flags);
    }

    [Fact]
    public void Open_OnAKernelThatUnwraps_ChangesASegmentingNormaliser_AndBack()
    {
        int tap = AddTap("tap0");
        using (Dataplane first = _host.Open(WithoutSegmentRouting()))
        {
            Bind(first, tap);
            Assert.Equal(ConfigFlags.None, ReadConfig().Flags);
        }

        string output = NormaliserPair()[1].Name;
        using (Dataplane next = _host.Open())
        {
            Assert.Equal(ConfigFlags.Unwrap, ReadConfig().Flags);
            Assert.Equal("", Filters(output));
        }

        using Dataplane back = _host.Open(WithoutSegmentRouting());
        Assert.Equal(ConfigFlags.None, ReadConfig().Flags);
        Assert.Contains("normaliser", Filters(output), StringComparison.Ordinal);
    }

    [Fact]
    public void BindPort_Tap_WhereTheKernelCannotUnwrap_GetsASegmentingPair_ThatAdoptionKeeps()
    {
        int tap = AddTap("tap0");
        (string Name, int Index)[] pair;
        using (Dataplane first = _host.Open(WithoutSegmentRouting()))
        {
            Assert.DoesNotContain(_host.Route.GetLinks(), link => link.Name.StartsWith("hnvn", StringComparison.Ordinal));
            Assert.Equal(PortFlags.Normalise, Bind(first, tap).Entry.Flags);
            pair = NormaliserPair();
        }

        Assert.Equal(2, pair.Length);
        ConfigEntry config = ReadConfig();
        Assert.Equal(pair.Single(end => end.Name.EndsWith('i')).Index, (int)config.NormaliserIn);
        Assert.Equal(pair.Single(end => end.Name.EndsWith('o')).Index, (int)config.NormaliserOut);
        using Ethtool ethtool = Ethtool.Of(_host.Namespace);
        Assert.DoesNotContain(ethtool.GetFeatures(pair.Single(end => end.Name.EndsWith('i')).Name), feature =>
            feature is { Active: true, Name: "tx-tcp-segmentation" or "tx-tcp6-segmentation" or "tx-gre-segmentation" or "tx-gre-csum-segmentation" });
        Assert.Contains(ethtool.GetFeatures(pair.Single(end => end.Name.EndsWith('o')).Name), feature => feature is { Active: true, Name: "rx-gro" });

        using Dataplane next = _host.Open(WithoutSegmentRouting());
        Bind(next, tap);
        Assert.Equal(pair, NormaliserPair());
        Assert.Equal(config, ReadConfig());
    }

    [Fact]
    public void BindPort_BesideAnIngressQdisc_WorksAndSaysThatTheGuardIsMissing()
    {
        using Dataplane dataplane = _host.Open();
        TestVm vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05"), vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
        Command.Run("tc", "-n", _host.Name, "qdisc", "add", "dev", "p1", "ingress");
        _host.Connect(dataplane, vm1, vm2);

        Assert.False(Bind(dataplane, vm1.Port).IsGuarded);
        Assert.True(vm2.Reaches(vm1));
    }

    [Fact]
    public void BindPort_GoneInterface_SaysSo() =>
        Assert.Contains("4711", Assert.Throws<DataplaneException>(() =>
        {
            using Dataplane dataplane = _host.Open();
            Bind(dataplane, 4711);
        }).Message, StringComparison.Ordinal);

    [Fact]
    public void BindPort_OtherValues_ReplacesTheEntry()
    {
        using Dataplane dataplane = _host.Open();
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        Bind(dataplane, vm.Port);

        _host.Namespace.Run(() => dataplane.BindPort(new PortBinding(vm.Port, 7, 2, 6001, s_mac)));

        Assert.Equal(new PortEntry(6001, 2, 7, PortFlags.Peer, s_mac), Assert.Single(dataplane.ReadPorts()).Value);
    }

    [Fact]
    public void UnbindPort_DropsEverythingUntilItIsBoundAgain()
    {
        using Dataplane dataplane = _host.Open();
        TestVm vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05"), vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
        _host.Connect(dataplane, vm1, vm2);
        Assert.True(vm1.Reaches(vm2));

        Assert.True(_host.Namespace.Run(() => dataplane.UnbindPort(vm1.Port)));

        Assert.True(vm1.IsCutOffFrom(vm2));
        Assert.Contains(dataplane.ReadCounters(), counter => counter is { PortId: 0, Verdict: Verdict.PortUnbound, Packets: > 0 });
        Assert.DoesNotContain(dataplane.ReadTraffic(), traffic => traffic.PortId == 1);
        Assert.DoesNotContain(dataplane.ReadCounters(), counter => counter.PortId == 1);
        Assert.False(_host.Namespace.Run(() => dataplane.UnbindPort(vm1.Port)));
        _host.Connect(dataplane, vm1, vm2);
        Assert.True(vm1.Reaches(vm2));
    }

    [Fact]
    public void Read_AfterOnePing_TellsWhatHappened()
    {
        using Dataplane dataplane = _host.Open();
        TestVm vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05"), vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
        _host.Connect(dataplane, vm1, vm2);
        Assert.True(vm1.Reaches(vm2));

        VerdictCounter delivered = dataplane.ReadCounters().Single(counter => counter is { PortId: 1, Verdict: Verdict.DeliveredLocal });
        PortTraffic traffic = dataplane.ReadTraffic().Single(entry => entry.PortId == 2);
        Assert.NotEqual(0ul, delivered.Packets);
        Assert.True(delivered.Bytes >= 98 * delivered.Packets / 2);
        Assert.NotEqual(0ul, traffic.ToVmPackets);
        Assert.NotEqual(0ul, traffic.FromVmPackets);
        TableUsage ports = dataplane.ReadUsage().Single(usage => usage.Name == "ports");
        Assert.Equal((2, new MapSizes().Ports), (ports.Entries, ports.Capacity));
        Assert.All(dataplane.ReadUsage(), usage => Assert.True(usage.Bytes > 0, usage.Name));
        Assert.Contains(Enumerable.Range(0, PossibleCpus.Count).Select(dataplane.ReadDecision), decision =>
            decision.Verdict != Verdict.None && decision.SourceVsid.ToHost() == 5001 && decision.Rd.ToHost() == 1);
    }

    [Fact]
    public void AttachUplink_BesideOthersFilters_LeavesThemInPlace()
    {
        using Dataplane dataplane = _host.Open();
        int uplink = _host.Route.CreateVeth(new VethSpec("up0", "up1")).Index;
        Command.Run("tc", "-n", _host.Name, "qdisc", "add", "dev", "up0", "ingress");
        AttachForeign(uplink, TcDirection.Ingress);

        _host.Namespace.Run(() =>
        {
            dataplane.AttachUplink(uplink);
            dataplane.AttachUplink(uplink);
        });

        Assert.Equal([uplink], _host.Namespace.Run(dataplane.ReadUplinks));
        Assert.Contains("probe_loop", Filters("up0"), StringComparison.Ordinal);
        Assert.True(_host.Namespace.Run(() => dataplane.DetachUplink(uplink)));
        Assert.False(_host.Namespace.Run(() => dataplane.DetachUplink(uplink)));
        Assert.Contains("probe_loop", Filters("up0"), StringComparison.Ordinal);
        Assert.DoesNotContain("uplink_ingress", Filters("up0"), StringComparison.Ordinal);
    }

    [Fact]
    public void AttachUplink_WhereAnotherDataPlaneIs_IsRefused()
    {
        using Dataplane dataplane = _host.Open();
        int uplink = _host.Route.CreateVeth(new VethSpec("up0", "up1")).Index;
        _host.Namespace.Run(() => dataplane.AttachUplink(uplink));
        string directory = Path.Combine(_host.Folder, "other");
        using Dataplane other = _host.Open(new DataplaneOptions { Directory = directory });

        DataplaneException refused = Assert.Throws<DataplaneException>(() => _host.Namespace.Run(() => other.AttachUplink(uplink)));

        Assert.Contains("another data plane", refused.Message, StringComparison.Ordinal);
        _host.Namespace.Run(other.Purge);
        Assert.Equal([uplink], _host.Namespace.Run(dataplane.ReadUplinks));
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public void Purge_RemovesWhatIsOurs_AndNothingElse()
    {
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        int tap = AddTap("tap0"), up0 = _host.Route.CreateVeth(new VethSpec("up0", "up1")).Index, up2 = _host.Route.CreateVeth(new VethSpec("up2", "up3")).Index;
        Command.Run("tc", "-n", _host.Name, "qdisc", "add", "dev", "up0", "clsact");
        using (Dataplane first = _host.Open())
        {
            Bind(first, vm.Port);
            Bind(first, tap);
            _host.Namespace.Run(() =>
            {
                first.AttachUplink(up0);
                first.AttachUplink(up2);
            });
        }

        AttachForeign(up2, TcDirection.Egress);
        using (BpfMap foreign = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 4, 4, 10)))
        {
            foreign.Pin(Path.Combine(_host.Directory, "foreign"));
        }

        using (Dataplane last = _host.Open())
        {
            _host.Namespace.Run(last.Purge);
        }

        Assert.Equal(["foreign"], Directory.GetFiles(_host.Directory).Select(path => Path.GetFileName(path)!).Where(name => !name.EndsWith(".debug", StringComparison.Ordinal)));
        Assert.Equal("", Filters("p1") + Filters("tap0") + Filters("up0"));
        Assert.DoesNotContain("clsact", Qdiscs("p1") + Qdiscs("tap0"), StringComparison.Ordinal);
        Assert.Contains("clsact", Qdiscs("up0"), StringComparison.Ordinal); // Somebody else's.
        Assert.Contains("clsact", Qdiscs("up2"), StringComparison.Ordinal); // Ours, and in use by somebody else.
        Assert.Contains("probe_loop", Command.Run("tc", "-n", _host.Name, "filter", "show", "dev", "up2", "egress"), StringComparison.Ordinal);
        Assert.DoesNotContain("uplink_ingress", Filters("up2"), StringComparison.Ordinal);
        Assert.Empty(NormaliserPair());
        Assert.False(_host.Route.FindLink(vm.Port)!.IsUp); // Its frames must not reach the host's own stack.
    }

    private BoundPort Bind(Dataplane dataplane, int index) =>
        _host.Namespace.Run(() => dataplane.BindPort(new PortBinding(index, 7, 1, 5001, s_mac)));

    private static DataplaneBuild WithoutSegmentRouting() => new() { Features = FeatureProbe.Run().Without(KernelFeature.SegmentRouting) };

    private void AttachForeign(int index, TcDirection direction)
    {
        ProgramImage image = ProgramImage.Embedded.Single(image => image.Name == FeatureProbe.Image);
        using BpfObject loading = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        loading.Load();
        using BpfProgram program = loading.OpenProgram("probe_loop");
        _host.Namespace.Run(() => new TcHook(index, direction).Attach(program, handle: 1, priority: 10));
    }

    private int AddTap(string name)
    {
        Command.Run("ip", "-n", _host.Name, "tuntap", "add", name, "mode", "tap");
        return _host.Route.GetLink(name).Index;
    }

    private (string Name, int Index)[] NormaliserPair() =>
        [.. _host.Route.GetLinks().Where(link => link.Name.StartsWith("hnvn", StringComparison.Ordinal)).Select(link => (link.Name, link.Index)).OrderBy(link => link.Name, StringComparer.Ordinal)];

    private ConfigEntry ReadConfig()
    {
        using BpfMap config = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"config_v{Layout.Version}"));
        Assert.True(config.TryLookup(0u, out ConfigEntry entry));
        return entry;
    }

    private string Filters(string device) => Command.Run("tc", "-n", _host.Name, "filter", "show", "dev", device, "ingress");

    private string Qdiscs(string device) => Command.Run("tc", "-n", _host.Name, "qdisc", "show", "dev", device);
}
