using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;
using Hnv.Linux.Netlink;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>lab/r2.yaml: a tenant with a DHCP server and a keepalived pair of its own, and one with the same addresses from a pool.</summary>
public sealed class TenantServicesTests(TenantServicesLab fixture) : IClassFixture<TenantServicesLab>
{
    private static readonly IPAddress[] s_failOver = [IPAddress.Parse("10.0.0.100"), IPAddress.Parse("2001:db8:1::100")];

    private NetworkLab Lab => fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryVmHasAnAddressOfEachFamily_AndReachesTheOthersOfItsNetworkOnly()
    {
        ImmutableArray<PingResult> pings = await ReachabilityProbe.RunAsync(Lab, cancellationToken: Ct);
        Assert.All(pings, p => Assert.True(p.AsExpected, p.ToString()));
        // Five of blue and two of red, each others', both families at least.
        Assert.True(pings.Count(p => p.SameNetwork) >= ((5 * 4) + (2 * 1)) * 2);
        Assert.All(s_failOver, address => Assert.Contains(pings, p => p.To == "web1" && p.Address.Equals(address) && p.Ok));
    }

    [Fact]
    public async Task WhatTheDhcpServerGave_IsADynamicRecord_AndWhatThePoolGave_AStaticOne()
    {
        RecordView[] records = [.. (await Lab.Client.RecordsAsync(null, Ct)).Items];
        RecordView client = Assert.Single(records, r => r.Vsid == 5001 && r.Port == "blue-corp/client1" && r.CustomerAddress.ToString().StartsWith("10.0.0.1", StringComparison.Ordinal));
        Assert.Equal(("Dynamic", "host2", "host2"), (client.Type, client.Host, client.LearnedFrom));
        RecordView leased = Assert.Single(records, r => r.Port == "red-corp/red1" && r.CustomerAddress.Equals(IPAddress.Parse("10.0.0.50")));
        Assert.Equal("Static", leased.Type);
        string[] mine = [.. Lab.Vm("client1").ReadAddresses(Lab.Vm("client1").Spec.First).Select(a => a.ToString())];
        Assert.Contains(client.CustomerAddress.ToString(), mine);
    }

    [Fact]
    public async Task ASecondUp_LeavesTheProgramsAndTheirAddressesAlone()
    {
        (string[] processes, string[] addresses) = (await ProcessesAsync(), Addresses());
        await Lab.UpAsync(Lab.Topology, null, Ct);
        Assert.Equal(processes, await ProcessesAsync());
        // Others may have come: a VM that has one address of a family still waits for the one that DHCP gives it.
        Assert.Empty(addresses.Except(Addresses()));
    }

    private async Task<string[]> ProcessesAsync() => [.. (await Lab.StatusAsync(Ct)).Parts.Select(p => $"{p.Name} {p.Pid}").Order()];

    /// <summary>What every VM has, on the very adapter that has it; fail-over addresses count for either of the pair.</summary>
    private string[] Addresses()
    {
        var found = new List<string>();
        foreach (LabVm vm in Lab.Vms)
        {
            using Rtnetlink links = vm.OpenNetlink();
            int adapter = links.GetLink("eth0").Index;
            found.AddRange(vm.ReadAddresses(vm.Spec.First).Select(a => s_failOver.Contains(a) ? $"web {a}" : $"{vm.Name} {adapter} {a}"));
        }

        return [.. found];
    }
}

/// <summary>The lab of lab/r2.yaml.</summary>
public sealed class TenantServicesLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Lab = await NetworkLab.StartAsync(
        LabFileReader.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "r2.yaml"), TestContext.Current.CancellationToken), "r2.yaml"), cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Lab.DisposeAsync();
}
