using System.Net;
using System.Net.Sockets;
using Hnv.Lab.Capture;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Wire;
using Hnv.Wire.Tests.Wireshark;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Tenants' traffic in every form: both encapsulations, over provider networks of either family; judged by Wireshark and the kernel's VXLAN.</summary>
public abstract class FormTests(FormLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    public static TheoryData<string> Networks => ["nv", "vx"];

    public static TheoryData<string, bool, string> Ways => new MatrixTheoryData<string, bool, string>(["nv", "vx"], [false, true], ["2", "tap"]);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task BulkTcp_ArrivesBothWays(string network, bool v6, string to)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + to);
        Assert.True(await one.CanPingAsync(v6 ? other.Address6 : other.Address4, tries: 10));
        await Transfer.AssertArrivesAsync(one, other, v6 ? other.Address6 : other.Address4);
        await Transfer.AssertArrivesAsync(other, one, v6 ? one.Address6 : one.Address4);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task PathMtu_IsTold_AndWhatFitsPasses(string network)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + "2");
        int fits = 1500 - Form(network).Room;
        (await one.ExecAsync("ip", "route", "flush", "cache")).EnsureSuccess();
        CommandResult tooBig = await one.ExecAsync("ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", "1472", other.Address4.ToString());
        Assert.Contains($"mtu = {fits}", tooBig.Output.Replace("mtu=", "mtu = ", StringComparison.Ordinal), StringComparison.Ordinal);
        (await one.ExecAsync("ip", "route", "flush", "cache")).EnsureSuccess();
        (await one.ExecAsync("ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", $"{fits - 28}", other.Address4.ToString())).EnsureSuccess();
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Multicast_ReachesTheMembersOfTheOtherHost(string network)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + "2");
        string linkLocal = IpAddresses.LinkLocal(other.Spec.First.Mac).ToString();
        await Eventually.TrueAsync(
            async () => (await one.ExecAsync("ping", "-6", "-n", "-c", "2", "-W", "1", "ff02::1%eth0")).Output.Contains(linkLocal, StringComparison.Ordinal), "the other host's VM answers");
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Frame_OnTheProviderNetwork_IsWhatWiresharkReads(string network)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + "2");
        EncapsulationForm form = Form(network);
        using PacketSocket socket = FabricCapture.Open(Lab, "h1");
        Assert.True(await one.CanPingAsync(other.Address4, tries: 10));
        List<byte[]> frames = [];
        while (socket.Receive(TimeSpan.Zero) is { } frame)
        {
            frames.Add(frame);
        }

        string ip = form.Family == AddressFamily.InterNetworkV6 ? "ipv6" : "ip";
        bool vxlan = form.Encapsulation == Encapsulation.Vxlan;
        string protocols = vxlan ? $"eth:ethertype:{ip}:udp:vxlan:eth:ethertype:ip:icmp:data" : $"eth:ethertype:{ip}:gre:eth:ethertype:ip:icmp:data";
        string[][] read = await Tshark.FieldsAsync(frames, "frame.protocols", vxlan ? "vxlan.vni" : "gre.key", "_ws.malformed");
        string[] found = Assert.Single(read.Where(f => f[0] == protocols).Take(1), static _ => true);
        Assert.True(vxlan ? found[1] == "6001" : found[1].StartsWith("0x001389", StringComparison.Ordinal), found[1]);
        Assert.Equal(string.Empty, found[2]);
    }

    [Fact]
    public async Task KernelVxlan_IsAPeerLikeAnyOther_BothWays()
    {
        LabVm vm = Lab.Vm("vx1");
        string ns = $"{Lab.FabricNamespace}-k"[^Math.Min(60, Lab.FabricNamespace.Length + 2)..];
        bool six = fixture.Family == AddressFamily.InterNetworkV6;
        string[] script =
        [
            $"ip netns add {ns}",
            $"ip -n {Lab.FabricNamespace} link add k0 type veth peer name u0 netns {ns}",
            $"ip -n {Lab.FabricNamespace} link set k0 master $(ip -n {Lab.FabricNamespace} -o link show type bridge | head -1 | cut -d: -f2 | tr -d ' ') up",
            $"ip -n {ns} link set lo up",
            $"ip -n {ns} address add {fixture.Stranger}/{(six ? "64 nodad" : "24")} dev u0",
            $"ip -n {ns} link set u0 up",
            $"ip -n {ns} link add vx0 address {FormLab.StrangerMac} type vxlan id 6001 dstport 4789 local {fixture.Stranger} nolearning {(six ? "udp6zerocsumtx udp6zerocsumrx" : string.Empty)}",
            $"bridge -n {ns} fdb append 00:00:00:00:00:00 dev vx0 dst {(six ? "fd00:4::1" : "192.168.4.11")}",
            $"ip -n {ns} link set vx0 mtu {1500 - Form("vx").Room} up",
            $"ip -n {ns} address add 10.0.0.99/24 dev vx0",
            $"ip -n {ns} address add 2001:db8:1::99/64 dev vx0 nodad",
        ];
        try
        {
            await Shell.RunAsync(string.Join(" && ", script));
            foreach (IPAddress address in (IPAddress[])[IPAddress.Parse("10.0.0.99"), IPAddress.Parse("2001:db8:1::99")])
            {
                Assert.True(await vm.CanPingAsync(address, tries: 10), $"{address} does not answer");
                string back = (address.AddressFamily == AddressFamily.InterNetwork ? vm.Address4 : vm.Address6).ToString();
                await Shell.RunAsync($"ip netns exec {ns} ping -n -c 2 -W 2 {back}");
                await Transfer.AssertArrivesAsync(vm.Namespace, ns, address);
                await Transfer.AssertArrivesAsync(ns, vm.Namespace, IPAddress.Parse(back));
            }
        }
        finally
        {
            await Shell.RunAsync($"ip netns del {ns}", whatever: true);
        }
    }

    private EncapsulationForm Form(string network) => new(network == "vx" ? Encapsulation.Vxlan : Encapsulation.Nvgre, fixture.Family);
}

/// <summary>Over IPv4.</summary>
public sealed class FormsOverIPv4Tests(FormLab4 lab) : FormTests(lab), IClassFixture<FormLab4>;

/// <summary>Over IPv6 alone.</summary>
public sealed class FormsOverIPv6Tests(FormLab6 lab) : FormTests(lab), IClassFixture<FormLab6>;
