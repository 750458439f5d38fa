using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// Linux's own GRE devices for Ethernet frames (gretap, ip6gretap) at the other end: in Debian's kernel under QEMU, which has them as modules. They compare the
/// whole key, VSID · 256 with a FlowID of zero (RFC 7637 section 3.2). ip6gretap must not send the tunnel encapsulation limit, an extension header.
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
    public async Task KernelGretap_OverEitherFamily_IsAPeer_BothWays()
    {
        const string tap = "x-gre";
        Customer four = MixedLab.Customers[95], six = MixedLab.Customers[96];
        LabVm vm = Lab.Vm("nvhb");
        await using GuestMachine guest = await GuestMachine.StartAsync(
            Lab.FabricNamespace, tap, "06:06:00:00:99:00",
            $"""
            /bin/ip address add {MixedLab.Guest4}/24 dev eth0
            /bin/ip address add {MixedLab.Guest6}/64 dev eth0 nodad
            /bin/ip link set eth0 up
            /bin/ip link add g95 type gretap local {MixedLab.Guest4} remote {MixedLab.Both4} key {MixedLab.Nvgre << 8}
            /bin/ip link add g96 type ip6gretap local {MixedLab.Guest6} remote {MixedLab.Both6} key {MixedLab.Nvgre << 8} encaplimit none
            {Customer(four)}
            {Customer(six)}
            """,
            s_content);
        try
        {
            await Eventually.TrueAsync(() => guest.Console.Contains("GUEST stands 96", StringComparison.Ordinal), "the guest has its tunnels", () => guest.Console);
            await Shell.RunAsync($"ip -n {Lab.FabricNamespace} link set {tap} master br0 up");
            foreach (Customer customer in (Customer[])[four, six])
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

        string Customer(Customer c) => $"""
            /bin/ip netns add c{c.Number}
            /bin/ip link set g{c.Number} address {c.Mac} mtu 1400 netns c{c.Number}
            /bin/ip -n c{c.Number} link set lo up
            /bin/ip -n c{c.Number} link set g{c.Number} up
            /bin/ip -n c{c.Number} address add {c.V4}/24 dev g{c.Number}
            /bin/ip -n c{c.Number} address add {c.V6}/64 dev g{c.Number} nodad
            /bin/ip netns exec c{c.Number} iperf3 -s -D
            echo GUEST stands {c.Number}
            for to in {vm.Address4} {vm.Address6}; do
                while ! /bin/ip netns exec c{c.Number} ping -c 1 -W 1 $to; do :; done >/dev/null
                echo GUEST {c.Number} reaches $to
            done &
            """;
    }
}
