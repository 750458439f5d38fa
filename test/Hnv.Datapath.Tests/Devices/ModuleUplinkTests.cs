using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Uplinks of kinds that come with modules of the kernel. They are explicit, since not every machine has those: the guest of OldestKernelTests has.</summary>
[Collection(KernelDeliveryTests.Collection)]
public sealed class ModuleUplinkTests(KernelDeliveryTests.Cloud cloud)
{
    [Theory(Explicit = true)]
    [InlineData(ProviderNetwork.Queued, "nvgre4")]
    [InlineData(ProviderNetwork.Vlan, "nvgre4")]
    [InlineData(ProviderNetwork.Vlan, "vxlan6")]
    [InlineData(ProviderNetwork.Backup, "nvgre6")]
    [InlineData(ProviderNetwork.Balance, "vxlan4")]
    [InlineData(ProviderNetwork.Lacp, "nvgre4")]
    [InlineData(ProviderNetwork.Vrf, "nvgre4")]
    [InlineData(ProviderNetwork.Ipvlan, "vxlan6")]
    [InlineData(ProviderNetwork.Team, "nvgre4")]
    [InlineData(ProviderNetwork.Stack, "nvgre4")]
    [InlineData(ProviderNetwork.Stack, "vxlan6")]
    public Task Uplink_OfAKindThatNeedsModules_CarriesFramesBothWaysAndTheHostsOwn(string kind, string form) => UplinkKindTests.CarriesAsync(cloud, kind, form);

    /// <summary>The way to a peer, as the agent looks it up: the table main does not have it.</summary>
    [Fact(Explicit = true)]
    public void Uplink_InAVrf_IsTheWayInTheTableOfTheVrf()
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud["nvgre4"].Far, cloud["nvgre4"].Near("veth"));
        using var network = new ProviderNetwork(cloud.Lab, ProviderNetwork.Vrf, AddressFamily.InterNetwork, far, near);
        Rtnetlink route = cloud.Lab.A.Route;
        foreach (AddressFamily family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            IPAddress peer = ProviderNetwork.Address(family, 2), own = ProviderNetwork.Address(family, 1);
            Assert.Equal(route.GetLink(ProviderNetwork.Uplink).Index, route.GetRoute(peer, own, route.GetLink(ProviderNetwork.VrfDevice).Index).InterfaceIndex);
            Assert.Throws<NetlinkException>(() => route.GetRoute(peer, own));
        }

        DataplaneException refused = Assert.Throws<DataplaneException>(() => cloud.Lab.A.Namespace.Run(() => cloud.Lab.A.Dataplane.AttachUplink(route.GetLink(ProviderNetwork.VrfDevice).Index)));
        Assert.Contains("it is a VRF; give the interface in it", refused.Message, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("l3")]
    [InlineData("l3s")]
    public void Ipvlan_AboveLayer2_IsRefusedAsAnUplink(string mode)
    {
        DeviceHost host = cloud.Lab.A;
        ProviderNetwork.Ip(host, "link add nic0 type veth peer name nic1");
        ProviderNetwork.Ip(host, $"link add link nic0 name ipvl0 type ipvlan mode {mode}");
        try
        {
            DataplaneException refused = Assert.Throws<DataplaneException>(() => host.Namespace.Run(() => host.Dataplane.AttachUplink(host.Route.GetLink("ipvl0").Index)));
            Assert.Contains("ipvl0 cannot be an uplink: it is ipvlan in mode L3 or L3S", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            host.Route.DeleteLink(host.Route.GetLink("nic0").Index);
        }
    }

    [Fact(Explicit = true)]
    public async Task Bond_WhoseActiveCableIsPulled_GoesOnWithTheOther()
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud["nvgre4"].Far, cloud["nvgre4"].Near("veth"));
        using var network = new ProviderNetwork(cloud.Lab, ProviderNetwork.Backup, AddressFamily.InterNetwork, far, near);
        await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
        ProviderNetwork.Ip(cloud.Lab.A, "link set nic0 down");
        await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
        ProviderNetwork.Ip(cloud.Lab.A, "link set nic0 up");
        ProviderNetwork.Ip(cloud.Lab.A, "link set nic1 down");
        await KernelDeliveryTests.TransferAsync(near, far, AddressFamily.InterNetwork);
    }
}
