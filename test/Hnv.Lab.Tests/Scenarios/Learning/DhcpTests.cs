using System.Net;
using System.Text.RegularExpressions;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Datapath;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>A tenant's own DHCP server in a VM, its clients in VMs on other hosts: dnsmasq and kea, udhcpc and dhclient.</summary>
[Collection<LearningCollection>]
public sealed partial class DhcpTests(LearningLab fixture) : IAsyncLifetime
{
    private const string Lease4 = """
        #!/bin/sh
        echo "$1 $ip" >>events4
        case $1 in
        bound|renew) ip address replace "$ip/$mask" dev "$interface" ;;
        deconfig) ip -4 address flush dev "$interface" ;;
        esac
        """;

    private const string Lease6 = """
        #!/bin/sh
        echo "$reason $new_ip6_address" >>events6
        case $reason in
        BOUND6|RENEW6|REBIND6) ip -6 address replace "$new_ip6_address/64" dev "$interface" ;;
        EXPIRE6|RELEASE6|STOP6) ip -6 address del "$old_ip6_address/64" dev "$interface" ;;
        esac
        """;

    private const string Kea4 = """
        {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "lease-database": {"type": "memfile", "persist": false},
          "valid-lifetime": 3600, "renew-timer": 2, "rebind-timer": 3000,
          "subnet4": [{"id": 1, "subnet": "10.0.0.0/24", "pools": [{"pool": "10.0.0.100-10.0.0.149"}]}],
          "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}}
        """;

    private const string Kea6 = """
        {"Dhcp6": {"interfaces-config": {"interfaces": ["eth0"]}, "lease-database": {"type": "memfile", "persist": false}, "data-directory": ".",
          "valid-lifetime": 3600, "preferred-lifetime": 3000, "renew-timer": 2, "rebind-timer": 2900,
          "subnet6": [{"id": 1, "subnet": "2001:db8:1::/64", "interface": "eth0", "pools": [{"pool": "2001:db8:1::2000-2001:db8:1::2fff"}]}],
          "loggers": [{"name": "kea-dhcp6", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}}
        """;

    private readonly GuestPrograms _programs = new();

    private NetworkLab Lab => fixture.Lab;

    private LabVm Server => Lab.Vm("server");

    private LabVm Client1 => Lab.Vm("client1");

    private LabVm Client2 => Lab.Vm("client2");

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        // Gone with their VM's memory of them; what they had is released or forgotten with the port's cable.
        await Lab.ReplugAsync(Client1, Client2);
        await _programs.DisposeAsync();
    }

    [Fact]
    public async Task Dnsmasq_GivesAddresses_ThatAllHostsLearn_AndARelaseRemoves()
    {
        GuestProgram dnsmasq = _programs.Start(Server, "dnsmasq", """
            dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --dhcp-leasefile=leases --pid-file= --user=root
            --dhcp-authoritative --dhcp-range=10.0.0.150,10.0.0.199,1h --dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,64,1h
            """.ReplaceLineEndings(" "));
        (GuestProgram udhcpc, IPAddress address4) = await Lease4Async(Client1);
        IPAddress address6 = await Lease6Async(Client1);
        Assert.InRange(address4.GetAddressBytes()[3], 150, 199);
        await AssertLearnedAsync(Client1, address4, AddressSource.Dhcp);
        await AssertLearnedAsync(Client1, address6, AddressSource.Dhcpv6);
        (GuestProgram second, IPAddress other4) = await Lease4Async(Client2);
        IPAddress other6 = await Lease6Async(Client2);
        await AssertLearnedAsync(Client2, other4, AddressSource.Dhcp);
        await AssertLearnedAsync(Client2, other6, AddressSource.Dhcpv6);
        Assert.Distinct([address4, address6, other4, other6]);
        foreach ((LabVm from, IPAddress to) in new[] { (Server, address4), (Server, address6), (Client2, address4), (Client2, address6), (Client1, other4), (Client1, other6) })
        {
            Assert.True(await from.CanPingAsync(to), $"{from.Name} reaches {to}\n{_programs.LastWords()}");
        }

        await udhcpc.SignalAsync("USR1"); // Renew.
        await Eventually.TrueAsync(() => _programs.Read(Client1, "events4").Contains($"renew {address4}", StringComparison.Ordinal), "client1 renews", _programs.LastWords);
        await udhcpc.SignalAsync("USR2"); // Release.
        await Lab.ForgottenAsync(Client1, address4, _programs.LastWords);
        (await _programs.RunAsync(Client1, "./dhclient -6 -r -sf ./lease6 -lf ./leases6 -pf ./number6 eth0")).EnsureSuccess();
        await Lab.ForgottenAsync(Client1, address6, _programs.LastWords);
        Assert.Contains(await Lab.EventsAsync(5001, address4), e => e.Event == RecordEventKind.Deleted && e.Host == "h2");
        Assert.Contains(await Lab.EventsAsync(5001, address6), e => e.Event == RecordEventKind.Deleted && e.Host == "h2");
        Assert.False(await Client2.CanPingAsync(address4, tries: 1));
        Assert.True(await Server.CanPingAsync(other4) && await Server.CanPingAsync(other6));
        Assert.False(dnsmasq.HasExited || second.HasExited);
    }

    [Fact]
    public async Task Kea_GivesAddresses_ThatAreRenewedAndReleased()
    {
        _programs.Write(Server, "kea4.json", Kea4);
        _programs.Write(Server, "kea6.json", Kea6);
        _programs.Copy(Server, "kea-dhcp4");
        _programs.Copy(Server, "kea-dhcp6");
        // They refuse to start twice on a machine: a directory of their own for locks and process numbers.
        const string environment = "env KEA_PIDFILE_DIR=. KEA_LOCKFILE_DIR=none";
        _programs.Start(Server, "kea4", $"{environment} ./kea-dhcp4 -c kea4.json");
        _programs.Start(Server, "kea6", $"{environment} ./kea-dhcp6 -c kea6.json");
        (GuestProgram udhcpc, IPAddress address4) = await Lease4Async(Client2);
        IPAddress address6 = await Lease6Async(Client2);
        Assert.InRange(address4.GetAddressBytes()[3], 100, 149);
        await AssertLearnedAsync(Client2, address4, AddressSource.Dhcp);
        await AssertLearnedAsync(Client2, address6, AddressSource.Dhcpv6);
        Assert.True(await Server.CanPingAsync(address4) && await Server.CanPingAsync(address6), _programs.LastWords());
        await Eventually.TrueAsync(
            () => _programs.Read(Client2, "events6").Contains("RENEW6", StringComparison.Ordinal), "client2 renews its IPv6 address", _programs.LastWords);
        await udhcpc.SignalAsync("USR1");
        await Eventually.TrueAsync(
            () => _programs.Read(Client2, "events4").Contains($"renew {address4}", StringComparison.Ordinal), "client2 renews its IPv4 address", _programs.LastWords);
        await udhcpc.SignalAsync("USR2");
        (await _programs.RunAsync(Client2, "./dhclient -6 -r -sf ./lease6 -lf ./leases6 -pf ./number6 eth0")).EnsureSuccess();
        await Lab.ForgottenAsync(Client2, address4, _programs.LastWords);
        await Lab.ForgottenAsync(Client2, address6, _programs.LastWords);
    }

    [Fact]
    public async Task ARogueServerOnAGuardedPort_GivesNobodyAnAddress()
    {
        LabVm rogue = Lab.Vm("rogue");
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h3");
        _programs.Start(rogue, "dnsmasq", """
            dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --dhcp-leasefile=leases --pid-file= --user=root
            --dhcp-authoritative --dhcp-range=10.0.0.200,10.0.0.249,1h --dhcp-range=2001:db8:1::3000,2001:db8:1::3fff,64,1h
            """.ReplaceLineEndings(" "));
        // A client of another host, one of the rogue's own: it hears them, and its answers go nowhere.
        await StartClientsAsync(Client1);
        await StartClientsAsync(Client2);
        await Eventually.TrueAsync(
            async () => (await VerdictCounts.ReadAsync(Lab, "h3")).Since(before, "dhcp/rogue").GetValueOrDefault(Verdict.GuardedService) >= 4, "the rogue's answers are dropped",
            _programs.LastWords);
        Assert.Empty(GivenTo(Client1));
        Assert.Empty(GivenTo(Client2));

        // The tenant's own server is heard, in spite of the rogue.
        _programs.Start(Server, "dnsmasq", """
            dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --dhcp-leasefile=leases --pid-file= --user=root
            --dhcp-authoritative --dhcp-range=10.0.0.150,10.0.0.199,1h --dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,64,1h
            """.ReplaceLineEndings(" "));
        foreach (LabVm client in new[] { Client1, Client2 })
        {
            await Eventually.TrueAsync(() => GivenTo(client).Length >= 2, $"{client.Name} has addresses of both families", _programs.LastWords);
            Assert.All(GivenTo(client), a => Assert.Matches(@"^10\.0\.0\.1[5-9]\d$|^2001:db8:1::1[0-9a-f]{3}$", a));
        }
    }

    [GeneratedRegex(@"^(bound|BOUND6) (?<address>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bound();

    private string[] GivenTo(LabVm vm) => [.. Bound().Matches(_programs.Read(vm, "events4") + "\n" + _programs.Read(vm, "events6")).Select(m => m.Groups["address"].Value)];

    private async Task StartClientsAsync(LabVm vm)
    {
        _ = StartClient4(vm);
        await StartClient6Async(vm);
    }

    private GuestProgram StartClient4(LabVm vm)
    {
        _programs.Write(vm, "lease4", Lease4);
        return _programs.Start(vm, "udhcpc", "busybox udhcpc -f -i eth0 -s ./lease4 -t 5 -T 1 -A 1");
    }

    private async Task StartClient6Async(LabVm vm)
    {
        await LinkLocal.ReadyAsync(vm);
        _programs.Write(vm, "lease6", Lease6);
        _programs.Write(vm, "leases6", string.Empty); // It wants to find it.
        _programs.Copy(vm, "dhclient");
        _programs.Start(vm, "dhclient", "./dhclient -6 -d -nw -sf ./lease6 -lf ./leases6 -pf ./number6 eth0");
    }

    private async Task<(GuestProgram Client, IPAddress Address)> Lease4Async(LabVm vm)
    {
        GuestProgram client = StartClient4(vm);
        return (client, await GivenAsync(vm, "events4"));
    }

    private async Task<IPAddress> Lease6Async(LabVm vm)
    {
        await StartClient6Async(vm);
        return await GivenAsync(vm, "events6");
    }

    private async Task<IPAddress> GivenAsync(LabVm vm, string events)
    {
        await Eventually.TrueAsync(() => Bound().IsMatch(_programs.Read(vm, events)), $"{vm.Name} is given an address ({events})", _programs.LastWords);
        return IPAddress.Parse(Bound().Match(_programs.Read(vm, events)).Groups["address"].Value);
    }

    /// <summary>Everybody knows who has it; people see by what, and since when.</summary>
    private async Task AssertLearnedAsync(LabVm vm, IPAddress address, AddressSource source)
    {
        RecordView record = await Lab.HeldAsync(vm, address, _programs.LastWords);
        Assert.Equal(source, record.Source);
        Assert.Equal(vm.Spec.First.Mac, record.Mac);
        Assert.NotNull(record.LearnedAt);
        CommandResult shown = await HnvCommand.RunAsync(Lab, null, "get", "records", "-o", "wide");
        Assert.True(shown.ExitCode == 0, shown.Error);
        string line = shown.Output.Split('\n').Single(l => l.Contains($"{address} ", StringComparison.Ordinal) && l.Contains("5001", StringComparison.Ordinal));
        Assert.Contains("Dynamic", line, StringComparison.Ordinal);
        Assert.Contains(vm.Name, line, StringComparison.Ordinal);
        Assert.Contains(source == AddressSource.Dhcp ? "dhcp" : "dhcpv6", line, StringComparison.Ordinal);
        Assert.Contains(vm.Spec.Host, line, StringComparison.Ordinal);
    }
}
