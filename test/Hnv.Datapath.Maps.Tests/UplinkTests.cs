using Hnv.Datapath.Maps;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Ports;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>What an uplink may be, and that what others did to uplinks and ports stays as it was.</summary>
public sealed class UplinkTests : IDisposable
{
    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void AttachUplink_WhereFramesHaveNoEthernetHeader_IsRefused()
    {
        using Dataplane dataplane = _host.Open();
        Command.Run("ip", "-n", _host.Name, "tuntap", "add", "tun0", "mode", "tun");
        string message = Refusal(dataplane, "tun0");
        Assert.Contains("tun0 cannot be an uplink: its frames have no Ethernet header (tun)", message, StringComparison.Ordinal);
        Assert.Contains("cannot be an uplink", Refusal(dataplane, "lo"), StringComparison.Ordinal);
        Assert.DoesNotContain("clsact", Shown("qdisc", "tun0"), StringComparison.Ordinal);
    }

    [Fact]
    public void AttachUplink_MemberOfABridge_IsRefusedAndTheBridgeNamed()
    {
        using Dataplane dataplane = _host.Open();
        LinkInfo bridge = _host.Route.CreateBridge(new BridgeSpec("br0")), member = _host.Route.CreateVeth(new VethSpec("up0", "up1"));
        _host.Route.ChangeLink(member.Index, new LinkChange { Master = bridge.Index });

        Assert.Contains("member of br0 (bridge), which has its addresses; give br0 as --uplink", Refusal(dataplane, "up0"), StringComparison.Ordinal);

        _host.Namespace.Run(() => dataplane.AttachUplink(bridge.Index));
        Assert.Equal([bridge.Index], _host.Namespace.Run(dataplane.ReadUplinks));
    }

    [Fact]
    public void DetachUplink_TakesItsQdiscAway_ButNotWhatSomebodyElseUses()
    {
        using Dataplane dataplane = _host.Open();
        int up0 = _host.Route.CreateVeth(new VethSpec("up0", "up1")).Index, up2 = _host.Route.CreateVeth(new VethSpec("up2", "up3")).Index;
        _host.Namespace.Run(() =>
        {
            dataplane.AttachUplink(up0);
            dataplane.AttachUplink(up2);
        });
        Mirror("up2", "egress", 300);
        string theirs = Shown("filter", "up2", "egress");

        _host.Namespace.Run(() => dataplane.DetachUplink(up0) & dataplane.DetachUplink(up2));

        Assert.DoesNotContain("clsact", Shown("qdisc", "up0"), StringComparison.Ordinal);
        Assert.Contains("clsact", Shown("qdisc", "up2"), StringComparison.Ordinal);
        Assert.Equal("", Shown("filter", "up2", "ingress"));
        Assert.Equal(theirs, Shown("filter", "up2", "egress"));
    }

    /// <summary>Attached, attached again by the next agent, removed: queues and filters of others are what they were.</summary>
    [Fact]
    public void QdiscsAndFiltersOfOthers_AtUplinksAndPorts_StayWhatTheyWere()
    {
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        int up0 = _host.Route.CreateVeth(new VethSpec("up0", "up1")).Index, up2 = _host.Route.CreateVeth(new VethSpec("up2", "up3")).Index;
        int tap = AddTap("t1");
        foreach (string device in (string[])["up0", "p1", "t1"])
        {
            Tc($"qdisc add dev {device} root handle 1: htb default 10");
            Tc($"class add dev {device} parent 1: classid 1:10 htb rate 10gbit");
        }

        Tc("qdisc add dev up2 root handle 2: tbf rate 10gbit burst 100kb latency 50ms");
        Tc("qdisc add dev up0 clsact");
        Mirror("up0", "ingress", 100);
        Mirror("up0", "ingress", 300);
        Mirror("up0", "egress", 300);
        Tc("qdisc add dev t1 clsact");
        Mirror("t1", "ingress", 300);
        Mirror("t1", "egress", 300);
        foreach (string device in (string[])["up2", "p1"])
        {
            Tc($"qdisc add dev {device} ingress");
            Tc($"filter add dev {device} parent ffff: protocol ip prio 300 u32 match u32 0 0 action mirred egress mirror dev lo continue");
        }

        string before = Theirs();
        for (int agent = 0; agent < 2; agent++)
        {
            using Dataplane dataplane = _host.Open();
            _host.Namespace.Run(() =>
            {
                dataplane.AttachUplink(up0);
                dataplane.AttachUplink(up2);
                dataplane.BindPort(new PortBinding(vm.Port, 7, 1, 5001, vm.Mac));
                dataplane.BindPort(new PortBinding(tap, 8, 1, 5001, MacAddress.Parse("06:06:00:00:00:06")));
                Assert.Equal(2, dataplane.ReadUplinks().Count);
            });
            Assert.Contains("uplink_ingress", Shown("filter", "up0", "ingress") + Shown("filter", "up2", "ingress"), StringComparison.Ordinal);
            Assert.Equal(before, Theirs());
        }

        using (Dataplane last = _host.Open())
        {
            _host.Namespace.Run(last.Purge);
        }

        Assert.Equal(before, Theirs());
        Assert.DoesNotContain("pref 200", Filters(), StringComparison.Ordinal);
    }

    /// <summary>What isolates a port from the host's stack is undone with the rest.</summary>
    [Fact]
    public void Purge_AfterAnotherAgentBoundThePortAgain_PutsItsSettingsBack()
    {
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        _host.Namespace.Run(() =>
        {
            Sysctl.Write("net/ipv4/conf/p1/arp_ignore", 2);
            Sysctl.Write("net/ipv4/conf/p1/forwarding", 1);
        });
        string[] before = Settings();
        Assert.Equal(["2", "1", "0"], before);
        for (int agent = 0; agent < 2; agent++)
        {
            using Dataplane dataplane = _host.Open();
            _host.Namespace.Run(() => dataplane.BindPort(new PortBinding(vm.Port, 7, 1, 5001, vm.Mac)));
            Assert.Equal(["8", "0", "1"], Settings());
        }

        using Dataplane last = _host.Open();
        _host.Namespace.Run(last.Purge);
        Assert.Equal(before, Settings());

        string[] Settings() => _host.Namespace.Run(() =>
            (string[])[Sysctl.Read("net/ipv4/conf/p1/arp_ignore"), Sysctl.Read("net/ipv4/conf/p1/forwarding"), Sysctl.Read("net/ipv6/conf/p1/disable_ipv6")]);
    }

    [Fact]
    public void Purge_OfAPortThatAnOlderVersionBound_GivesItTheSettingsOfANewInterface()
    {
        TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
        using Dataplane dataplane = _host.Open();
        _host.Namespace.Run(() => dataplane.BindPort(new PortBinding(vm.Port, 7, 1, 5001, vm.Mac)));
        using (BpfMap devices = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"devices_v{Datapath.Layouts.Layout.Version}")))
        {
            int index = vm.Port;
            Assert.True(devices.TryLookup(in index, out DeviceEntry entry));
            DeviceEntry older = entry with { SettingsBefore = default };
            devices.Update(in index, in older);
        }

        _host.Namespace.Run(dataplane.Purge);

        Assert.Equal(("0", "0"), _host.Namespace.Run(() => (Sysctl.Read("net/ipv4/conf/p1/arp_ignore"), Sysctl.Read("net/ipv6/conf/p1/disable_ipv6"))));
    }

    private string Refusal(Dataplane dataplane, string name) =>
        Assert.Throws<DataplaneException>(() => _host.Namespace.Run(() => dataplane.AttachUplink(_host.Route.GetLink(name).Index))).Message;

    private int AddTap(string name)
    {
        Command.Run("ip", "-n", _host.Name, "tuntap", "add", name, "mode", "tap");
        return _host.Route.GetLink(name).Index;
    }

    private void Tc(string arguments) => Command.Run("tc", ["-n", _host.Name, .. arguments.Split(' ')]);

    private void Mirror(string device, string direction, int priority) =>
        Tc($"filter add dev {device} {direction} protocol ip prio {priority} u32 match u32 0 0 action mirred egress mirror dev lo continue");

    private string Shown(string what, string device, string direction = "") =>
        Command.Run("tc", ["-n", _host.Name, what, "show", "dev", device, .. direction.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Trim();

    private string Filters() => string.Join('\n',
        from device in (string[])["up0", "up2", "p1", "t1"]
        from direction in (string[])["ingress", "egress"]
        where direction == "ingress" || Shown("qdisc", device).Contains("clsact", StringComparison.Ordinal)
        select $"{device} {direction}:\n{Shown("filter", device, direction)}");

    /// <summary>Queues and classes, and filters but ours.</summary>
    private string Theirs()
    {
        string queues = string.Join('\n', from device in (string[])["up0", "up2", "p1", "t1"] select Shown("qdisc", device) + "\n" + Shown("class", device));
        IEnumerable<string> filters = Filters().Split('\n').Where(static l => !l.Contains("pref 200 ", StringComparison.Ordinal));
        // Of an ingress qdisc tc names the parent with its first filter only, if at all.
        return queues + "\n" + string.Join('\n', filters.Where(static l => l.Length > 0)).Replace("parent ffff: ", "", StringComparison.Ordinal);
    }
}
