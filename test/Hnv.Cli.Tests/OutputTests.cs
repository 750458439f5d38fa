using System.Text.Json;

namespace Hnv.Cli.Tests;

public sealed class OutputTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    [Theory]
    [InlineData("get vmnetworks", "networks.txt")]
    [InlineData("get vmn -o wide", "networks.wide.txt")]
    [InlineData("get subnets", "subnets.txt")]
    [InlineData("get ports", "ports.txt")]
    [InlineData("get ports --tenant red-corp", "ports.red.txt")]
    [InlineData("get port blue-corp/vm1 -o json", "port.json")]
    [InlineData("get PORT vm2 -o yaml", "port.yaml")]
    [InlineData("get rec", "records.txt")]
    [InlineData("get records -o json", "records.json")]
    [InlineData("get routes", "routes.txt")]
    [InlineData("get pa", "provideraddresses.txt")]
    [InlineData("describe vmnetwork blue", "describe.network.txt")]
    [InlineData("next-hop --from blue-corp/vm1 --to 10.0.1.7", "nexthop.txt")]
    public async Task Show_Object_LooksAsItAlwaysDid(string line, string golden)
    {
        CliRun run = await cloud.RunAsync(line);
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        Golden.Check(golden, run.Output);
    }

    [Fact]
    public async Task GetRecords_Json_IsAnArrayWithThePromisedFields()
    {
        CliRun run = await cloud.RunAsync("get records -o json");
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal(JsonValueKind.Array, json.RootElement.ValueKind);
        Assert.All(json.RootElement.EnumerateArray(), record => Assert.All(
            new[] { "vsid", "customerAddress", "mac", "providerAddress", "host", "port", "type", "unusable", "unsynchronized" },
            field => Assert.True(record.TryGetProperty(field, out _), field)));
    }

    [Fact]
    public async Task Get_NameThatTwoTenantsHave_AsksWhichAndExitsTwo()
    {
        CliRun run = await cloud.RunAsync("get port vm1");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("blue-corp/vm1 or red-corp/vm1", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_NameThatNobodyHas_SuggestsTheNearestAndExitsOne()
    {
        CliRun run = await cloud.RunAsync("get host hots1");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("'host1'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NextHop_NowhereToGo_ExitsOneAndSaysTheVerdict()
    {
        CliRun run = await cloud.RunAsync("next-hop --from red-corp/vm1 --to 10.9.9.9");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("VirtualRouteMissing", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_SameManifest_SaysNothingWouldChangeAndExitsZero()
    {
        CliRun run = await cloud.RunAsync("diff -f -", CloudFixture.Manifest);
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain("changed  ", run.Output.Replace("unchanged", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vmnetworks")]
    [InlineData("ports")]
    [InlineData("hosts")]
    public async Task Get_Yaml_IsAManifestThatChangesNothing(string kind)
    {
        CliRun shown = await cloud.RunAsync($"get {kind} -o yaml");
        CliRun run = await cloud.RunAsync("diff -f -", shown.Output);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error.Split('\n').FirstOrDefault(l => l.StartsWith("error", StringComparison.Ordinal)) ?? string.Empty));
    }

    [Fact]
    public async Task Diff_OtherAddress_ShowsTheFieldAndExitsOneAndChangesNothing()
    {
        string changed = CloudFixture.Manifest.Replace("addresses: [10.0.1.7]", "addresses: [10.0.1.8]", StringComparison.Ordinal);
        CliRun run = await cloud.RunAsync("diff -f -", changed);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Port blue-corp/vm2", run.Output, StringComparison.Ordinal);
        Assert.Contains("10.0.1.7", run.Output, StringComparison.Ordinal);
        Assert.Contains("10.0.1.8", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await cloud.RunAsync("diff -f -", CloudFixture.Manifest)).ExitCode);
    }

    [Fact]
    public async Task Apply_WhatTheControllerRefuses_SaysFileAndLineAndExitsTwo()
    {
        const string Wrong = """
            kind: Host
            name: host3
            providerAddresses: [192.168.4.33]
            ---
            kind: Port
            name: vm9
            tenant: blue-corp
            vmNetwork: green
            vsid: 5001
            mac: 06:06:00:00:00:09
            """;
        CliRun run = await cloud.RunAsync("apply -f -", Wrong);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("(standard input):8: Port blue-corp/vm9", run.Error, StringComparison.Ordinal);
        Assert.Contains("green", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await cloud.RunAsync("get host host3")).ExitCode);
    }

    [Fact]
    public async Task Apply_WaitForHostsThatDoNotExist_NamesThemAndExitsOne()
    {
        CliRun run = await cloud.RunAsync("apply -f - --wait 1", CloudFixture.Manifest);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("host1", run.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was heard", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApplyThenDelete_AnObject_CreatesAndRemovesIt()
    {
        CliRun created = await cloud.RunAsync("apply -f -", "kind: Host\nname: host7\nproviderAddresses: [192.168.4.77]\n");
        Assert.Equal(0, created.ExitCode);
        Assert.Contains("created", created.Output, StringComparison.Ordinal);
        CliRun deleted = await cloud.RunAsync("delete host host7");
        Assert.Equal(0, deleted.ExitCode);
        Assert.Contains("deleted", deleted.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await cloud.RunAsync("get host host7")).ExitCode);
    }

    [Fact]
    public async Task HostRecords_HostDoesNotAnswer_SaysSoAndExitsOne()
    {
        CliRun run = await cloud.RunAsync("host records host1");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("host1", run.Error, StringComparison.Ordinal);
    }
}
