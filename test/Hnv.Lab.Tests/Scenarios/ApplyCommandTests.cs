using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary><c>hnv apply</c> against a controller with three hosts.</summary>
[Collection<ChangeCollection>]
public sealed class ApplyCommandTests(ChangeLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    private static string Network(string route) => $$"""
        kind: VmNetwork
        name: blue
        tenant: blue
        subnets:
        - {vsid: 5001, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"]}
        - {vsid: 5002, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"]}
        {{(route.Length == 0 ? "routes: []" : $"routes: [{{prefix: {route}, nextHop: 10.0.0.17}}]")}}
        """;

    [Fact]
    public async Task ApplyWait_ReturnsWhenAllHostsHaveIt_AndNamesTheOneThatHasNot()
    {
        CommandResult all = await HnvCommand.RunAsync(Lab, Network("172.20.0.0/16"), "apply", "-f", "-", "--wait", "60");
        Assert.True(all.ExitCode == 0, all.Error);
        Assert.Contains("3 hosts have realised revision", all.Output + all.Error, StringComparison.Ordinal);
        LabHost stopped = Lab.Host("h3");
        await stopped.Agent.StopAsync(TestContext.Current.CancellationToken);
        try
        {
            CommandResult pending = await HnvCommand.RunAsync(Lab, Network("172.21.0.0/16"), "apply", "-f", "-", "--wait", "2");
            Assert.Equal(1, pending.ExitCode);
            Assert.Matches(@"h3 has realised revision \d+, not \d+; its last word is \S+ old, it is not connected", pending.Error);
            Assert.DoesNotContain("h1", pending.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("h2", pending.Error, StringComparison.Ordinal);
        }
        finally
        {
            stopped.Agent.Start();
        }

        CommandResult again = await HnvCommand.RunAsync(Lab, Network(string.Empty), "apply", "-f", "-", "--wait");
        Assert.True(again.ExitCode == 0, again.Error);
    }

    [Fact]
    public async Task WrongManifests_AreRefusedWhole_WithFileAndLineOfEveryError()
    {
        const string wrong = """
            kind: VmNetwork
            name: wrong
            tenant: blue
            subnets:
            - {vsid: 99, prefixes: [10.5.0.0/24]}
            - {vsid: 5050, prefixes: [10.6.0.1/33]}
            ---
            kind: Port
            name: p
            tenant: blue
            vmNetwork: wrong
            vsid: 5050
            host: h9
            interfaze: p1
            mac: 06:06:00:00
            addresses: [10.6.0.5]
            ---
            kind: Route
            name: r
            """;
        string file = Path.Combine(Lab.Options.Directory, "wrong.yaml");
        await File.WriteAllTextAsync(file, wrong, TestContext.Current.CancellationToken);
        CommandResult refused = await HnvCommand.RunAsync(Lab, null, "apply", "-f", file);
        Assert.Equal(2, refused.ExitCode);
        Assert.All(new[] { 5, 6, 14, 15, 18 }, line => Assert.Contains($"{file}:{line}", refused.Error, StringComparison.Ordinal));
        Assert.Contains("interface", refused.Error, StringComparison.Ordinal);
        Assert.Null(await Lab.Client.GetAsync(new Model.Resources.ResourceId(Model.Resources.ResourceKind.VmNetwork, "blue", "wrong"), TestContext.Current.CancellationToken));

        // What is well formed and does not fit together is said the same way.
        await File.WriteAllTextAsync(file, """
            kind: Port
            name: p
            tenant: blue
            vmNetwork: blue
            vsid: 5001
            host: h9
            interface: p1
            mac: 06:06:00:00:09:09
            addresses: [10.0.0.5, 10.77.0.1]
            """, TestContext.Current.CancellationToken);
        refused = await HnvCommand.RunAsync(Lab, null, "apply", "-f", file);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"{file}:9", refused.Error, StringComparison.Ordinal);
        Assert.Contains("10.0.0.5", refused.Error, StringComparison.Ordinal);
        Assert.Contains("10.77.0.1", refused.Error, StringComparison.Ordinal);
    }
}
