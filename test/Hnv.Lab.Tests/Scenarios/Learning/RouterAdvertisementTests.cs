using System.Net;
using System.Net.Sockets;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Datapath;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>VMs that configure IPv6 themselves, and others that pretend to be routers.</summary>
public sealed class RouterAdvertisementTests
{
    private const string Rogue = """
        dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --dhcp-leasefile=leases --pid-file= --user=root
        --enable-ra --ra-param=eth0,4,60 --dhcp-range=2001:db8:bad::,ra-only,64
        """;

    [Fact]
    public async Task VmsConfigureThemselvesByTheDistributedGateway_AndHearNoOtherRouter()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(
            new LabBuilder().Hosts("h1", "h2")
                .LearningNetwork("auto", 5501, "routerAdvertisements: slaac")
                .Guest("g1", "h1", "auto", 5501, ["10.0.0.5"], configuresItself: true)
                .Guest("g2", "h2", "auto", 5501, ["10.0.0.7"], configuresItself: true)
                .Guest("rogue", "h1", "auto", 5501, ["10.0.0.9"], ["2001:db8:bad::9/64"], more: "routerGuard: true")
                .LearningNetwork("red", 6501)
                .Guest("r2", "h2", "red", 6501, ["10.0.0.7", "2001:db8:1::7"], configuresItself: true)
                .Guest("rrogue", "h1", "red", 6501, ["10.0.0.9"], ["2001:db8:bad::9/64"])
                .Build(),
            cancellationToken: TestContext.Current.CancellationToken);
        await using var programs = new GuestPrograms();
        LabVm g1 = lab.Vm("g1"), g2 = lab.Vm("g2");
        foreach (LabVm vm in new[] { g1, g2 })
        {
            IPAddress own = Assert.Single(await GlobalsAsync(vm));
            Assert.StartsWith("2001:db8:1:", own.ToString(), StringComparison.Ordinal);
            RecordView record = await lab.HeldAsync(vm, own);
            Assert.Contains(record.Source, new AddressSource?[] { AddressSource.Slaac, AddressSource.Nd });
        }

        Assert.True(await g1.CanPingAsync((await GlobalsAsync(g2))[0]));
        string routes = await DefaultRoutesAsync(g1);
        Assert.Contains("proto ra", routes, StringComparison.Ordinal);

        VerdictCounts before = await VerdictCounts.ReadAsync(lab, "h1");
        programs.Start(lab.Vm("rogue"), "dnsmasq", Rogue.ReplaceLineEndings(" "));
        programs.Start(lab.Vm("rrogue"), "dnsmasq", Rogue.ReplaceLineEndings(" "));
        // Where nobody guards against it, it is believed: by its own tenant.
        await Eventually.TrueAsync(
            async () => (await GlobalsAsync(lab.Vm("r2"))).Any(a => a.ToString().StartsWith("2001:db8:bad:", StringComparison.Ordinal)), "r2 believes its tenant's router", programs.LastWords);
        await Eventually.TrueAsync(
            async () => (await VerdictCounts.ReadAsync(lab, "h1")).Since(before, "auto/rogue").GetValueOrDefault(Verdict.GuardedService) >= 2, "the rogue's advertisements are dropped",
            programs.LastWords);
        foreach (LabVm vm in new[] { g1, g2 })
        {
            Assert.StartsWith("2001:db8:1:", Assert.Single(await GlobalsAsync(vm)).ToString(), StringComparison.Ordinal);
            Assert.Single((await DefaultRoutesAsync(vm)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private static async Task<string> DefaultRoutesAsync(LabVm vm) => (await vm.ExecAsync("ip", "-6", "route", "show", "default")).EnsureSuccess().Output;

    private static async Task<IPAddress[]> GlobalsAsync(LabVm vm) =>
    [
        .. (await vm.ExecAsync("ip", "-6", "-o", "address", "show", "dev", "eth0", "scope", "global")).EnsureSuccess().Output
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => w.Contains(':', StringComparison.Ordinal) && w.Contains('/', StringComparison.Ordinal))
            .Select(w => IPAddress.Parse(w.Split('/')[0])).Where(a => a.AddressFamily == AddressFamily.InterNetworkV6),
    ];
}
