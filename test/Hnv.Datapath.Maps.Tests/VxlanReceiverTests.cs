using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

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
            using (BpfMap config = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"config_v{Layout.Version}")))
            {
                Assert.True(config.TryLookup(0u, out ConfigEntry entry));
                Assert.Equal(8472, entry.VxlanPort.ToHost());
            }

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

    [Fact]
    public void SetVxlanPort_WhereAnotherTunnelHasThePort_SaysSoAndLeavesIt()
    {
        using Dataplane dataplane = _host.Open();
        LinkInfo others = _host.Route.CreateVxlan(new VxlanSpec("vx0", 42));
        _host.Route.SetUp(others.Index);
        string? problem = Set(dataplane, 4789);
        Assert.NotNull(problem);
        Assert.Empty(Devices());
        Assert.NotNull(_host.Route.FindLink("vx0"));
    }

    private string? Set(Dataplane dataplane, ushort port) => _host.Namespace.Run(() => dataplane.SetVxlanPort(port));

    private LinkInfo[] Devices() => [.. _host.Route.GetLinks().Where(static l => l.Name.StartsWith("hnvx", StringComparison.Ordinal))];
}
