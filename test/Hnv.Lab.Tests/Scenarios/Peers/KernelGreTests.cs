using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// Linux's own GRE devices for Ethernet frames (gretap, ip6gretap) at the other end: in Debian's kernel under QEMU, which has them as modules. With a key of their own
/// they compare the whole of it, VSID · 256 with a FlowID of zero (RFC 7637 section 3.2). ip6gretap must not send the tunnel encapsulation limit, an extension header.
/// </summary>
[Collection<MixedCollection>]
public sealed class KernelGreTests(MixedLab fixture)
{
    private static readonly GuestContent s_content = new()
    {
        Modules = ["net/ipv4/gre", "net/ipv4/ip_tunnel", "net/ipv4/ip_gre", "net/ipv6/tunnel6", "net/ipv6/ip6_tunnel", "net/ipv6/ip6_gre"],
        Programs = ["ip", "iperf3"],
    };

    private NetworkLab Lab => fixture.Lab;

    [Fact]
    public Task KernelGretap_OverEitherFamily_IsAPeer_BothWays() => IsAPeerAsync(
        $"""
        /bin/ip link add g95 type gretap local {MixedLab.Guest4} remote {MixedLab.Both4} key {MixedLab.Nvgre << 8}
        /bin/ip link add g96 type ip6gretap local {MixedLab.Guest6} remote {MixedLab.Both6} key {MixedLab.Nvgre << 8} encaplimit none
        """,
        string.Empty, MixedLab.Customers[95], MixedLab.Customers[96]);

    /// <summary>
    /// One device for all tunnels (collect metadata): routes say where a packet goes, and with which key; what comes is taken with any FlowID. The kernel
    /// asks for IPv6 neighbours without a look at the route, so the VM's is written down.
    /// </summary>
    [Fact]
    public Task KernelGretap_ThatTakesItsTunnelFromRoutes_IsAPeer_BothWays()
    {
        Customer four = MixedLab.Customers[95];
        LabVm vm = Lab.Vm("nvhb");
        string tunnel = $"encap ip id {MixedLab.Nvgre << 8} src {MixedLab.Guest4} dst {MixedLab.Both4} ttl 64 key";
        return IsAPeerAsync(
            "/bin/ip link add g95 type gretap external",
            $"""
            /bin/ip -n c95 route replace {vm.Address4}/32 {tunnel} dev g95 src {four.V4}
            /bin/ip -n c95 route replace {vm.Address6}/128 {tunnel} dev g95 src {four.V6}
            /bin/ip -n c95 neighbour replace {vm.Address6} lladdr {vm.Spec.Adapters[0].Mac} dev g95 nud permanent
            """,
            four);
    }

    /// <param name="devices">Makes a device gN for each customer N.</param>
    /// <param name="routes">What is to be done when the customers have their addresses.</param>
    private async Task IsAPeerAsync(string devices, string routes, params Customer[] customers)
    {
        const string tap = "x-gre";
        LabVm vm = Lab.Vm("nvhb");
        await using GuestMachine guest = await GuestMachine.StartAsync(
            Lab.FabricNamespace, tap, "06:06:00:00:99:00",
            $"""
            /bin/ip address add {MixedLab.Guest4}/24 dev eth0
            /bin/ip address add {MixedLab.Guest6}/64 dev eth0 nodad
            /bin/ip link set eth0 up
            {devices}
            {string.Join('\n', customers.Select(Place))}
            {routes}
            {string.Join('\n', customers.Select(Ping))}
            """,
            s_content);
        try
        {
            await Eventually.TrueAsync(() => guest.Console.Contains($"GUEST stands {customers[^1].Number}", StringComparison.Ordinal), "the guest has its tunnels", () => guest.Console);
            await Shell.RunAsync($"ip -n {Lab.FabricNamespace} link set {tap} master br0 up");
            foreach (Customer customer in customers)
            {
                await Eventually.TrueAsync(() => guest.Console.Contains($"GUEST {customer.Number} reaches {vm.Address6}", StringComparison.Ordinal), "the guest reaches the VM", () => guest.Console);
                Assert.Contains($"GUEST {customer.Number} reaches {vm.Address4}", guest.Console, StringComparison.Ordinal);
                await ForeignTraffic.AssertServedAsync(vm, customer.V4);
                await ForeignTraffic.AssertServedAsync(vm, customer.V6);
            }
        }
        catch (Exception e)
        {
            throw new LabException($"{e.Message}\n{guest.Console}", e);
        }

        static string Place(Customer c) => $"""
            /bin/ip netns add c{c.Number}
            /bin/ip link set g{c.Number} address {c.Mac} mtu 1400 netns c{c.Number}
            /bin/ip -n c{c.Number} link set lo up
            /bin/ip -n c{c.Number} link set g{c.Number} up
            /bin/ip -n c{c.Number} address add {c.V4}/24 dev g{c.Number}
            /bin/ip -n c{c.Number} address add {c.V6}/64 dev g{c.Number} nodad
            /bin/ip netns exec c{c.Number} iperf3 -s -D
            """;

        string Ping(Customer c) => $"""
            echo GUEST stands {c.Number}
            for to in {vm.Address4} {vm.Address6}; do
                while ! /bin/ip netns exec c{c.Number} ping -c 1 -W 1 $to; do :; done >/dev/null
                echo GUEST {c.Number} reaches $to
            done &
            """;
    }
}
