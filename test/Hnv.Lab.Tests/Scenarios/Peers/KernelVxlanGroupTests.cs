using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// The kernel's vxlan device with a multicast group at the other end, behind a bridge that passes on to each side only the groups that it asked for
/// (IGMP, MLD): who gets a frame to the group has joined it.
/// <code>
///   br0 of the provider network ── x ─ sw (snoops, asks) ─ y ── u0, vxlan device with the group
/// </code>
/// </summary>
[Collection<MixedCollection>]
public sealed class KernelVxlanGroupTests(MixedLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData(97, MixedLab.Group4, MixedLab.GroupAddress4, "h4 hb")]
    [InlineData(98, MixedLab.Group6, MixedLab.GroupAddress6, "h6")]
    public async Task KernelVxlan_InAMulticastGroup_IsAPeer_BothWays(int number, uint vni, string group, string hosts)
    {
        Customer customer = MixedLab.Customers[number];
        LabVm[] vms = [.. hosts.Split(' ').Select(h => Lab.Vm(customer.Network + h))];
        bool six = group.Contains(':', StringComparison.Ordinal);
        await using Stranger at = await Stranger.AttachAsync(Lab, $"g{number}");
        string netns = await at.AddCustomerAsync("vx");
        // Who asks believes the answers after one response interval: the one that it has when it begins. Until then, and of what nobody joined, nothing passes.
        await Shell.RunAsync($"""
            ip -n {at.Namespace} link add sw type bridge mcast_snooping 1 mcast_query_interval 100 mcast_startup_query_interval 50 mcast_query_response_interval 20
            ip -n {at.Namespace} link set sw type bridge mcast_querier 1
            ip -n {at.Namespace} link set u0 master sw
            ip -n {at.Namespace} link add y type veth peer name u0 netns {netns}
            ip -n {at.Namespace} link set y master sw up
            ip netns exec {at.Namespace} sysctl -qw net.ipv6.conf.sw.accept_dad=0
            ip -n {at.Namespace} link set sw up
            bridge -n {at.Namespace} link set dev u0 mcast_flood off
            bridge -n {at.Namespace} link set dev y mcast_flood off
            ip netns exec {netns} ethtool -K u0 tx off
            ip -n {netns} address add {customer.ProviderAddress}/{(six ? "64 nodad" : "24")} dev u0
            ip -n {netns} link set u0 up
            ip -n {netns} link add vx0 type vxlan id {vni} group {group} dev u0 dstport 4789 local {customer.ProviderAddress} ttl 4 {(six ? "udp6zerocsumtx udp6zerocsumrx" : string.Empty)}
            """);
        await Stranger.ConfigureAsync(netns, "vx0", customer, 1400);
        await Eventually.TrueAsync(
            async () => await JoinedAsync("u0") && await JoinedAsync("y"), $"both sides joined {group}",
            () => Shell.RunAsync($"bridge -n {at.Namespace} -d -s mdb show; ip -n {at.Namespace} -d link show sw").GetAwaiter().GetResult());

        await ForeignTraffic.AssertGroupsPassAsync(vms, netns, "vx0", customer);
        foreach (LabVm vm in vms)
        {
            await ForeignTraffic.AssertPassesAsync(vm, netns, customer);
        }

        async Task<bool> JoinedAsync(string port) => (await Shell.RunAsync($"bridge -n {at.Namespace} mdb show")).Split('\n')
            .Any(l => l.Contains($"port {port} ", StringComparison.Ordinal) && l.Contains($"grp {group} ", StringComparison.Ordinal));
    }
}
