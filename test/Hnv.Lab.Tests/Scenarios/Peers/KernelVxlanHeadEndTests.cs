using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// The kernel's vxlan device that copies what goes to all to a list of hosts (head-end replication): it gets the copies of the VMs' hosts, too, for records
/// name it.
/// </summary>
[Collection<MixedCollection>]
public sealed class KernelVxlanHeadEndTests(MixedLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData(88, "192.168.4.11 192.168.4.13", "h4 hb")]
    [InlineData(89, "fd00:4::12 fd00:4::13", "h6 hb")]
    public async Task KernelVxlan_WithAListOfHosts_GetsWhatFloodsAndFloodsToThem(int number, string list, string hosts)
    {
        Customer customer = MixedLab.Customers[number];
        LabVm[] vms = [.. hosts.Split(' ').Select(h => Lab.Vm(customer.Network + h))];
        bool six = list.Contains(':', StringComparison.Ordinal);
        await using Stranger at = await Stranger.AttachAsync(Lab, $"l{number}");
        string netns = await at.AddCustomerAsync("vx");
        await Shell.RunAsync($"""
            ip -n {at.Namespace} address add {customer.ProviderAddress}/{(six ? "64 nodad" : "24")} dev u0
            ip -n {at.Namespace} link add vx0 type vxlan id {MixedLab.Vxlan} dev u0 dstport 4789 local {customer.ProviderAddress} {(six ? "udp6zerocsumtx udp6zerocsumrx" : string.Empty)}
            ip -n {at.Namespace} link set vx0 netns {netns}
            {string.Join('\n', list.Split(' ').Select(h => $"bridge -n {netns} fdb append 00:00:00:00:00:00 dev vx0 dst {h}"))}
            """);
        await Stranger.ConfigureAsync(netns, "vx0", customer, 1400);
        await ForeignTraffic.AssertGroupsPassAsync(vms, netns, "vx0", customer);
    }
}
