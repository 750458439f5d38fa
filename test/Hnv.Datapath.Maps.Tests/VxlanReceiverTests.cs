using System.Diagnostics;
using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Tables;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>The device of the kernel that has what comes in VXLAN merged: there while a port is set, and only ours.</summary>
public sealed class VxlanReceiverTests : IDisposable
{
    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void SetVxlanPort_MakesADevice_ThatStaysAndIsAdopted_AndGoesWithThePort()
    {
        int index;
        using (Dataplane dataplane = _host.Open())
        {
            Assert.Empty(Devices());
            Assert.Equal("", Set(dataplane, 4789) ?? "");
            LinkInfo device = Assert.Single(Devices());
            index = device.Index;
            Assert.True(device.Flags.HasFlag(LinkFlags.Up));
            Assert.Contains(":4789", Command.Run("ip", "netns", "exec", _host.Name, "ss", "-lnuH"), StringComparison.Ordinal);
            foreach (string hook in (string[])["ingress", "egress"])
            {
                Assert.Contains("unbound", Command.Run("tc", "-n", _host.Name, "filter", "show", "dev", device.Name, hook), StringComparison.Ordinal);
            }
        }

        using (Dataplane again = _host.Open())
        {
            Assert.Equal("", Set(again, 4789) ?? "");
            Assert.Equal(index, Assert.Single(Devices()).Index);
            Assert.Equal("", Set(again, 8472) ?? "");
            Assert.NotEqual(index, Assert.Single(Devices()).Index);
            Assert.Equal((8472, false), SetPort());

            Assert.True(_host.Route.DeleteLink(Assert.Single(Devices()).Index));
            _host.Namespace.Run(again.Maintain);
            _host.Route.SetDown(Assert.Single(Devices()).Index);
            _host.Namespace.Run(again.Maintain);
            Assert.True(Assert.Single(Devices()).Flags.HasFlag(LinkFlags.Up));
            Assert.Equal("", Set(again, 0) ?? "");
            Assert.Empty(Devices());
            Assert.Equal("", Set(again, 4789) ?? "");
            _host.Namespace.Run(again.Purge);
            Assert.Empty(Devices());
        }
    }

    /// <summary>
    /// A tunnel of the host's own to a machine that is our peer in another VNI goes on; frames of the peer in our subnet are ours all the same.
    /// </summary>
    [Fact]
    public void SetVxlanPort_WhereAnotherTunnelHasThePort_LeavesItItsTraffic_AndHearsPeers()
    {
        string far = $"{_host.Name}-far";
        Command.Run("ip", "netns", "add", far);
        try
        {
            TestVm vm = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05");
            Ip(_host.Name, $"link add up0 type veth peer name up0 netns {far}");
            foreach ((string netns, string here, string there) in ((string, string, string)[])[(_host.Name, "11", "99"), (far, "99", "11")])
            {
                Ip(netns, $"address add 192.168.4.{here}/24 dev up0");
                Ip(netns, "link set up0 up");
                Ip(netns, $"link add vx42 type vxlan id 42 dstport 4789 local 192.168.4.{here} remote 192.168.4.{there} dev up0");
                Ip(netns, $"address add 10.42.0.{here}/24 dev vx42");
                Ip(netns, "link set vx42 up");
            }

            Ip(far, "link add vx5001 address 06:06:00:00:00:07 type vxlan id 5001 dstport 4789 local 192.168.4.99 remote 192.168.4.11 dev up0");
            Ip(far, "address add 10.0.0.7/24 dev vx5001");
            Ip(far, "link set vx5001 up");
            Ip(far, "neigh add 10.0.0.5 lladdr 06:06:00:00:00:05 dev vx5001");
            Assert.True(Answers(_host.Name, "10.42.0.99"));

            using Dataplane dataplane = _host.Open();
            int up0 = _host.Route.GetLink("up0").Index;
            IPAddress pa = IPAddress.Parse("192.168.4.11"), peer = IPAddress.Parse("192.168.4.99");
            _host.Namespace.Run(() =>
            {
                dataplane.AttachUplink(up0);
                dataplane.LocalPas.Set(pa, new LocalPaEntry((uint)up0));
            });
            string? problem = Set(dataplane, 4789);
            _host.Connect(dataplane, Encapsulation.Vxlan, vm);
            Assert.True(Answers(_host.Name, "10.42.0.99"), "the other tunnel has nothing to do with us");

            dataplane.Peers.Set(peer, new PeerEntry(pa, (uint)up0, 1500, PeerFlags.None));
            dataplane.Records.Set(new RecordKey(5001, IPAddress.Parse("10.0.0.7")), RecordEntry.Remote(MacAddress.Parse("06:06:00:00:00:07"), RecordKind.Static, peer));
            dataplane.Macs.Set(new MacKey(5001, MacAddress.Parse("06:06:00:00:00:07")), LocationEntry.Remote(peer));
            Assert.Equal([], _host.Apply(dataplane).Failures);
            Assert.True(Answers(_host.Name, "10.42.0.99"), "the other tunnel is of our peer");
            Assert.True(Answers(vm.Namespace.Description, "10.0.0.7"), "the peer's VM is in our subnet");
            Assert.Contains("belongs to another tunnel", problem, StringComparison.Ordinal);
            Assert.Empty(Devices());
            Assert.Equal((4789, true), SetPort());

            // Asked again and again, as after every change of the network, it makes no device come and go.
            int last = Made("d0");
            Assert.Equal(problem, Set(dataplane, 4789));
            Assert.Equal(last + 2, Made("d1"));
            Assert.Equal((4789, true), SetPort());

            // The other tunnel goes: the port is ours alone.
            Ip(_host.Name, "link del vx42");
            _host.Namespace.Run(dataplane.Maintain);
            Assert.Single(Devices());
            Assert.Equal((4789, false), SetPort());
            Assert.True(Answers(vm.Namespace.Description, "10.0.0.7"));
        }
        finally
        {
            Command.Run("ip", "netns", "del", far);
        }
    }

    /// <summary>The first tries find no neighbour, and devices that just came up.</summary>
    private static bool Answers(string netns, string address) => Enumerable.Range(0, 20).Any(_ =>
    {
        using Process ping = Process.Start(Command.Quiet("ip", "netns", "exec", netns, "ping", "-n", "-q", "-c", "1", "-W", "1", address))!;
        ping.WaitForExit();
        return ping.ExitCode == 0;
    });

    private static void Ip(string netns, string arguments) => Command.Run("ip", ["-n", netns, .. arguments.Split(' ')]);

    /// <summary>What the programs are told: the port, and whether it is shared.</summary>
    private (int Port, bool IsShared) SetPort()
    {
        using BpfMap config = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"config_v{Layout.Version}"));
        Assert.True(config.TryLookup(0u, out ConfigEntry entry));
        return (entry.VxlanPort.ToHost(), entry.Flags.HasFlag(ConfigFlags.VxlanShared));
    }

    /// <summary>Index of an interface made now, with its peer: the kernel counts on.</summary>
    private int Made(string name)
    {
        Ip(_host.Name, $"link add {name} type veth peer name {name}b");
        return _host.Route.GetLink(name).Index;
    }

    private string? Set(Dataplane dataplane, ushort port) => _host.Namespace.Run(() => dataplane.SetVxlanPort(port));

    private LinkInfo[] Devices() => [.. _host.Route.GetLinks().Where(static l => l.Name.StartsWith("hnvx", StringComparison.Ordinal))];
}
