using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>lab/r2.yaml: a tenant with a DHCP server and a keepalived pair of its own, and one with the same addresses from a pool.</summary>
public sealed class TenantServicesTests(TenantServicesLab fixture) : IClassFixture<TenantServicesLab>
{
    private NetworkLab Lab => fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryVmHasAnAddressOfEachFamily_AndReachesTheOthersOfItsNetworkOnly()
    {
        ImmutableArray<PingResult> pings = await ReachabilityProbe.RunAsync(Lab, cancellationToken: Ct);
        Assert.All(pings, p => Assert.True(p.AsExpected, p.ToString()));
        // Five of blue and two of red, each others', both families at least.
        Assert.True(pings.Count(p => p.SameNetwork) >= ((5 * 4) + (2 * 1)) * 2);
        foreach (string address in new[] { "10.0.0.100", "2001:db8:1::100" })
        {
            Assert.Contains(pings, p => p.To == "web1" && p.Address.Equals(IPAddress.Parse(address)) && p.Ok);
        }
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
        string[] before = await StateAsync();
        await Lab.UpAsync(Lab.Topology, null, Ct);
        Assert.Equal(before, await StateAsync());
    }

    /// <summary>Processes, and the addresses that their VMs got.</summary>
    private async Task<string[]> StateAsync() =>
    [
        .. (await Lab.StatusAsync(Ct)).Parts.Select(p => $"{p.Name} {p.Pid}").Order(),
        .. Lab.Vms.Select(v => $"{v.Name} {string.Join(' ', v.ReadAddresses(v.Spec.First).Select(a => a.ToString()).Order())}"),
    ];
}

/// <summary>The lab of lab/r2.yaml.</summary>
public sealed class TenantServicesLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Lab = await NetworkLab.StartAsync(
        LabFileReader.ReadFile(Path.Combine(AppContext.BaseDirectory, "r2.yaml")), cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Lab.DisposeAsync();
}
