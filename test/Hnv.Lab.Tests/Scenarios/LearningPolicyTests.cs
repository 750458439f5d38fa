using System.Text.Json;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>What manifests say of learning, flooding and pools, on its way from <c>hnv apply</c> into the kernels.</summary>
[Collection<ChangeCollection>]
public sealed class LearningPolicyTests(ChangeLab fixture)
{
    private const string Plain = """{vsid: 5002, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"]}""";

    private NetworkLab Lab => fixture.Lab;

    private static string Network(string second) => $$"""
        kind: VmNetwork
        name: blue
        tenant: blue
        subnets:
        - {vsid: 5001, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"]}
        - {{second}}
        """;

    [Fact]
    public async Task ASubnetThatFloodsToAGroup_HasItsHostsInTheGroup_AndNoOthers()
    {
        await using NumberedFlow flow = await NumberedFlow.StartAsync(Lab.Vm("b1"), Lab.Vm("d3"), Lab.Vm("d3").Address4);
        try
        {
            await Lab.ApplyAndRealiseAsync(Network(
                """{vsid: 5002, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"], learning: dynamic, flooding: multicast, multicastGroup: 239.1.1.1}"""));
            Assert.Equal(["239.1.1.1"], GroupsOf("h3")); // Where d3 is, the only one in that subnet.
            Assert.Empty(GroupsOf("h1"));

            await Lab.Host("h3").Agent.StopAsync(TestContext.Current.CancellationToken);
            Assert.Equal(["239.1.1.1"], GroupsOf("h3"));
        }
        finally
        {
            Lab.Host("h3").Agent.Start();
            await Lab.ApplyAndRealiseAsync(Network(Plain));
        }

        await Eventually.TrueAsync(() => Task.FromResult(GroupsOf("h3").Length == 0), "h3 leaves the group");
        await NumberedFlow.GoOnAsync([flow]);
        await NumberedFlow.AssertNothingLostAsync([flow]);
    }

    [Fact]
    public async Task APortWithoutAddress_HasOneOfThePoolInEveryKernel_AndKeepsItOnAnotherHost()
    {
        string Port(string host) => $"""
            kind: Port
            name: leased
            tenant: blue
            vmNetwork: blue
            vsid: 5002
            host: {host}
            interface: v-leased
            mac: 06:06:00:00:02:99
            """;
        try
        {
            await Lab.ApplyAndRealiseAsync(Network(
                """{vsid: 5002, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"], pool: {range: 10.0.1.5-10.0.1.99, range6: "2001:db8:2::50-2001:db8:2::99"}}"""));
            await Lab.ApplyAndRealiseAsync(Port("h1"));
            Assert.Equal(["10.0.1.6 -> 192.168.4.11", "2001:db8:2::50 -> 192.168.4.11"], await RecordsAsync("h3"));

            await Lab.ApplyAndRealiseAsync(Port("h2"));
            Assert.Equal(["10.0.1.6 -> 192.168.4.12", "2001:db8:2::50 -> 192.168.4.12"], await RecordsAsync("h3"));
        }
        finally
        {
            await Lab.DeleteAndRealiseAsync(new ResourceId(ResourceKind.Port, "blue", "leased"));
            await Lab.ApplyAndRealiseAsync(Network(Plain));
        }

        Assert.Empty(await RecordsAsync("h3"));
    }

    private string[] GroupsOf(string host)
    {
        using Rtnetlink netlink = Lab.Host(host).OpenNetlink();
        return [.. netlink.GetAddresses().Where(a => a.Flags.HasFlag(AddressFlags.AutoJoin)).Select(a => a.Address.ToString())];
    }

    /// <summary>The leased port's records in a host's kernel.</summary>
    private async Task<string[]> RecordsAsync(string host)
    {
        CommandResult read = await HnvCommand.RunAsync(Lab, null, "host", "records", host, "-o", "json");
        Assert.True(read.ExitCode == 0, read.Error);
        using JsonDocument records = JsonDocument.Parse(read.Output);
        return
        [
            .. records.RootElement.EnumerateArray().Where(r => r.GetProperty("mac").GetString() == "06:06:00:00:02:99")
                .Select(r => $"{r.GetProperty("customerAddress").GetString()} -> {r.GetProperty("providerAddress").GetString()}").Order(StringComparer.Ordinal),
        ];
    }
}
