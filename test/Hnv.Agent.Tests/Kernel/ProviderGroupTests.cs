using System.Net;
using System.Net.NetworkInformation;
using Hnv.Agent.Network;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>Members and groups on a real kernel. Needs root.</summary>
public sealed class ProviderGroupTests : IDisposable
{
    private static readonly PolicyItem[] s_policy =
    [
        Subnet() with { Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1"), Learning = LearningMode.Dynamic }, Route(),
        Port() with { LearnLimit = 16, LearnSources = LearningSources.All, StormLimit = 50 }, Member(pa: "192.168.4.11"),
        Member("06:06:00:00:00:07", port: "blue/blue2"), Peer(),
    ];

    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Group_OutlivesTheAgent_AndIsLeftWithTheLastPortOfTheSubnet()
    {
        using NetworkNamespace vm = _host.AddVm("v-blue1", "10.0.0.5", "06:06:00:00:00:05");
        _host.Policy(10, s_policy);
        await _host.UntilAsync(() => Groups().Length == 1, "the group is joined");
        AddressInfo group = Assert.Single(Groups());
        Assert.Equal(("239.1.1.1", _host.Route.GetLink("up0").Index), (group.Address.ToString(), group.InterfaceIndex));
        PortEntry port = Assert.Single(_host.Dataplane.ReadPorts()).Value;
        Assert.Equal(((ushort)16, LearnSources.All, 50u), (port.LearnLimit, port.LearnSources, port.StormLimit));
        SubnetEntry subnet = Assert.Single(_host.Dataplane.ReadSubnets()).Value;
        Assert.Equal((1u, 1u, "239.1.1.1"), (subnet.LocalMembers, subnet.RemoteMembers, subnet.Group.ToString()));

        _host.Kill();
        Assert.Single(Groups());
        _host.Start();
        _host.Policy(11, s_policy);
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "the new agent is in sync");
        Assert.Single(Groups());

        _host.Route.DeleteLink(_host.Route.GetLink("v-blue1").Index);
        await _host.UntilAsync(() => Groups().Length == 0, "the group is left");
    }

    private AddressInfo[] Groups() => [.. _host.Route.GetAddresses().Where(ProviderGroups.IsOurs)];
}
