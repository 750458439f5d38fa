using System.Diagnostics;
using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// Real clients at a real data plane without any agent: udhcpc, ISC dhclient for both families, and the kernel's own
/// autoconfiguration. What they were told is in files that their scripts write, one for each event.
/// </summary>
public sealed class DhcpClientTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);
    private static readonly IPAddress s_gateway = IpAddresses.LinkLocal(DeviceHost.GatewayMac);
    private readonly DeviceLab _lab = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("hnv-dhcp-").FullName;
    private readonly List<Process> _clients = [];
    private DeviceAdapter? _vm;

    private DeviceAdapter Vm => _vm ?? throw new InvalidOperationException("There is no VM yet.");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Udhcpc_GetsRenewsAndReleasesItsLease(bool tap)
    {
        Begin(tap: tap);
        Process client = Client("udhcpc", "-i", "eth0", "-f", "-R", "-t", "10", "-T", "1", "-s", Script("reason=$1"));
        Dictionary<string, string> told = Event("bound");
        Assert.Equal(
            ("10.0.0.50", "255.255.255.0", "10.0.0.1", "10.0.0.2", "blue.example", "1400", "3600", "10.0.0.1"),
            (told["ip"], told["subnet"], told["router"], told["dns"], told["domain"], told["mtu"], told["lease"], told["serverid"]));
        Assert.Equal("0.0.0.0/0 10.0.0.1 172.16.0.0/12 10.0.0.9", told["staticroutes"]);

        Inside("ip addr add 10.0.0.50/24 dev eth0");
        Inside("ping -c 1 -W 5 10.0.0.1");
        Inside($"kill -USR1 {client.Id}"); // Renews, to the server alone.
        Assert.Equal("10.0.0.50", Event("renew")["ip"]);
        ulong answered = _lab.A.Count(Vm.PortId, Verdict.ConfigurationAnswered).Packets;
        Inside($"kill -USR2 {client.Id}");
        Event("deconfig");
        Assert.True(SpinWait.SpinUntil(() => _lab.A.Count(Vm.PortId, Verdict.ConfigurationAnswered).Packets > answered, s_deadline), "The release was not taken.");
    }

    [Fact]
    public void Udhcpc_FromAPoolWithoutGateway_HearsOfNoRouter()
    {
        Begin(gateway: false);
        Client("udhcpc", "-i", "eth0", "-f", "-q", "-t", "10", "-T", "1", "-s", Script("reason=$1"));
        Dictionary<string, string> told = Event("bound");
        Assert.Equal("172.16.0.0/12 10.0.0.9", told["staticroutes"]);
        Assert.DoesNotContain("router", told.Keys);
    }

    [Fact]
    public void Dhclient_GetsItsLease_AndRenewsItByItself()
    {
        Begin(leaseSeconds: 8);
        Client("dhclient", "-4", "-d", "-1", "-cf", "/dev/null", "-lf", Path.Combine(_folder, "leases"), "-pf", Path.Combine(_folder, "pid"), "-sf", DhclientScript(), "eth0");
        Dictionary<string, string> told = Event("BOUND");
        Assert.Equal(
            ("10.0.0.50", "255.255.255.0", "10.0.0.1", "10.0.0.2", "blue.example", "1400", "8"),
            (told["new_ip_address"], told["new_subnet_mask"], told["new_routers"], told["new_domain_name_servers"], told["new_domain_name"], told["new_interface_mtu"], told["new_dhcp_lease_time"]));
        Assert.Equal("10.0.0.50", Event("RENEW")["new_ip_address"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dhclient6_GetsItsLease_AndRenewsItByItself(bool tap)
    {
        Begin(leaseSeconds: 8, tap: tap);
        AwaitLinkLocal();
        Client("dhclient", "-6", "-d", "-1", "-cf", "/dev/null", "-lf", Path.Combine(_folder, "leases"), "-pf", Path.Combine(_folder, "pid"), "-sf", DhclientScript(), "eth0");
        Dictionary<string, string> told = Event("BOUND6");
        Assert.Equal(
            ("2001:db8:5001::50", "2001:db8:5001::2", "blue.example.", "8", "16"),
            (told["new_ip6_address"], told["new_dhcp6_name_servers"], told["new_dhcp6_domain_search"], told["new_preferred_life"], told["new_max_life"]));
        Assert.Equal("2001:db8:5001::50", Event("RENEW6")["new_ip6_address"]);
    }

    [Fact]
    public void Dhclient6_Stateless_GetsTheRestOfTheConfiguration()
    {
        Begin(lease: false);
        AwaitLinkLocal();
        Client("dhclient", "-6", "-S", "-d", "-1", "-cf", "/dev/null", "-lf", Path.Combine(_folder, "leases"), "-pf", Path.Combine(_folder, "pid"), "-sf", DhclientScript(), "eth0");
        Assert.Equal("2001:db8:5001::2", Event("RENEW6")["new_dhcp6_name_servers"]);
    }

    [Fact]
    public void Kernel_ConfiguresItselfFromAdvertisements()
    {
        Begin();
        Until("ip -6 route show default", $"default via {s_gateway} dev eth0 proto ra");
        Until("ip -6 addr show dev eth0 scope global", "2001:db8:5001:0:"); // made of the MAC
        Until("cat /proc/sys/net/ipv6/conf/eth0/mtu", "1400");
        AwaitLinkLocal();
        Inside($"ping -6 -c 1 -W 5 {s_gateway}%eth0"); // The router can be found and answers.
    }

    [Fact]
    public void Kernel_FromAPoolWithoutGateway_HasNoDefaultRoute()
    {
        Begin(gateway: false);
        Until("ip -6 addr show dev eth0 scope global", "2001:db8:5001:0:");
        Assert.Empty(Inside("ip -6 route show default"));
    }

    [Fact]
    public void Kernel_ThatHeardNothingForLong_IsAdvertisedToAgainOnItsOwnFrames()
    {
        Begin();
        Inside("ip link set eth0 down; echo 0 > /proc/sys/net/ipv6/conf/eth0/router_solicitations; ip link set eth0 up"); // It never asks.
        Until("ip -6 route show default", "proto ra");
        AwaitLinkLocal();
        Inside("ip -6 route del default");
        using (BpfMap advertised = _lab.A.OpenMap("advertised"))
        {
            advertised.Update(Vm.PortId, new AdvertisedEntry(0, 0, 0)); // as if it were long ago
        }

        Inside($"ip -6 neigh flush dev eth0; ping -6 -c 1 -W 5 {s_gateway}%eth0");
        Until("ip -6 route show default", "proto ra");
        Assert.Equal(0ul, _lab.A.Count(Vm.PortId, Verdict.HostStackFrame).Packets);
    }

    [Fact]
    public void Ndisc_AsksForRouters_AndReadsTheAdvertisement()
    {
        Begin();
        AwaitLinkLocal();
        string said = Inside("rdisc6 -1 -w 5000 eth0");
        foreach (string expected in (string[])["2001:db8:5001::/64", "1400 bytes", "2001:db8:5001::2", "00:1D:D8:00:00:01", s_gateway.ToString()])
        {
            Assert.Contains(expected, said, StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        foreach (Process client in _clients)
        {
            if (!client.HasExited)
            {
                client.Kill();
                client.WaitForExit();
            }

            client.Dispose();
        }

        _lab.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A subnet with a pool and a VM without addresses; from then on nobody but the programs answers.</summary>
    private void Begin(bool gateway = true, uint leaseSeconds = 3600, bool lease = true, bool tap = false)
    {
        DeviceHost host = _lab.A;
        DeviceSubnet subnet = _lab.Near;
        var key = new SubnetKey(subnet.Vsid);
        (IPNetwork, IPAddress) far = (IPNetwork.Parse("172.16.0.0/12"), subnet.Address4(9)), beyond = (IPNetwork.Parse("0.0.0.0/0"), subnet.Address4(1));
        byte[] router = DhcpOptions.Addresses(DhcpOption.Router, subnet.Address4(1));
        host.Dataplane.Dhcp4.Set(key, Dhcp4Entry.Create(
            subnet.Address4(1), leaseSeconds,
            [
                DhcpOptions.SubnetMask(subnet.V4), .. gateway ? [router] : Array.Empty<byte[]>(), DhcpOptions.ClasslessRoutes(gateway ? [beyond, far] : [far]),
                DhcpOptions.Number16(DhcpOption.InterfaceMtu, 1400), DhcpOptions.Addresses(DhcpOption.DomainNameServer, subnet.Address4(2)),
                DhcpOptions.Text(DhcpOption.DomainName, "blue.example"),
            ]));
        host.Dataplane.Dhcp6.Set(key, Dhcp6Entry.Create(
            leaseSeconds, leaseSeconds * 2,
            Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, DeviceHost.Network), Dhcpv6Options.DnsServers(subnet.Address6(2)), Dhcpv6Options.DomainSearchList("blue.example")));
        byte[] head = new byte[RouterAdvertisement.Length];
        new RouterAdvertisement(64, 0x40, (ushort)(gateway ? 65535 : 0), 0, 0).Write(head);
        host.Dataplane.RouterAdvertisements.Set(key, RouterAdvertisementEntry.Create(
        [
            .. head, .. NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, DeviceHost.GatewayMac),
            .. NeighborOptions.Prefix(subnet.V6, 0xc0, 2_592_000, 604_800), .. NeighborOptions.Mtu(1400), .. NeighborOptions.RecursiveDnsServers(65535, subnet.Address6(2)),
        ]));
        host.Dataplane.Records.Set(new RecordKey(subnet.Vsid, s_gateway), new RecordEntry(DeviceHost.GatewayMac, RecordKind.DistributedGateway, RecordFlags.None, default, 0));
        _vm = tap ? _lab.AddTapVm(host, subnet, 50).Adapter : _lab.AddVethVm(host, subnet, 50);
        if (lease)
        {
            host.Dataplane.Leases.Set(Vm.PortId, new LeaseEntry(Vm.V4, IPAddress.Parse("2001:db8:5001::50")));
            host.Dataplane.Records.Set(
                new RecordKey(subnet.Vsid, IPAddress.Parse("2001:db8:5001::50")), RecordEntry.Local(Vm.Mac, RecordKind.Static, Vm.Port));
        }

        host.Apply();
        Inside("ip link set eth0 down; ip addr flush dev eth0; ip link set eth0 up");
    }

    private void AwaitLinkLocal() =>
        Assert.True(
            SpinWait.SpinUntil(() => Inside("ip -6 addr show dev eth0 scope link") is { Length: > 0 } said && !said.Contains("tentative", StringComparison.Ordinal), s_deadline),
            "The VM has no link-local address.");

    private string Inside(string command)
    {
        using Process shell = Vm.Vm.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        Task<string> errors = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.True(shell.ExitCode == 0, $"{command}: {output}{errors.GetAwaiter().GetResult()}");
        return output;
    }

    private void Until(string command, string expected)
    {
        string output = "";
        Assert.True(
            SpinWait.SpinUntil(() => (output = Inside(command)).Contains(expected, StringComparison.Ordinal), s_deadline), $"{command} says '{output}' where '{expected}' was expected.");
    }

    private Process Client(string name, params string[] arguments)
    {
        Process process = Vm.Vm.Start(new ProcessStartInfo(name, arguments));
        _clients.Add(process);
        return process;
    }

    /// <summary>What the client's script was told, once it was called for that reason.</summary>
    private Dictionary<string, string> Event(string reason)
    {
        string path = Path.Combine(_folder, reason);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path), s_deadline), $"No '{reason}' came; there is {string.Join(", ", Directory.GetFiles(_folder).Select(Path.GetFileName))}.");
        Dictionary<string, string> told = File.ReadLines(path).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0], StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => pair.Last()[1], StringComparer.Ordinal);
        File.Delete(path);
        return told;
    }

    /// <summary>A script that keeps its environment; nothing else on this machine is touched.</summary>
    private string Script(string begin, string more = "")
    {
        string path = Path.Combine(_folder, "script.sh");
        File.WriteAllText(path, $"#!/bin/sh\n{begin}\nenv > '{_folder}/'.new && mv '{_folder}/'.new '{_folder}/'\"$reason\"\n{more}\nexit 0\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private string DhclientScript() => Script("", """
        case $reason in
        BOUND) ip addr add $new_ip_address/24 dev eth0 ;;
        BOUND6) ip -6 addr add $new_ip6_address/128 dev eth0 nodad ;;
        esac
        """);
}
