using System.Net.Sockets;

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
    [InlineData(ProviderNetwork.Stack, "nvgre4")]
    [InlineData(ProviderNetwork.Stack, "vxlan6")]
    public Task Uplink_OfAKindThatNeedsModules_CarriesFramesBothWaysAndTheHostsOwn(string kind, string form) => UplinkKindTests.CarriesAsync(cloud, kind, form);

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
