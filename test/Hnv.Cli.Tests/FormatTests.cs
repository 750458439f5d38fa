using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Cli.Kinds;
using Hnv.Controller;

namespace Hnv.Cli.Tests;

/// <summary>Every command that shows something shows it in every format, each in its one way.</summary>
public sealed class FormatTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    private const string More = """
        kind: Host
        name: host3
        providerAddresses: [{address: 192.168.4.33, prefixLength: 24}]
        providerRoutes: [{prefix: 192.168.5.0/24, nextHop: 192.168.4.1}]
        ---
        kind: Tenant
        name: blue-corp
        ---
        kind: ProviderEndpoint
        name: appliance
        providerAddress: 192.168.4.99
        flowId: zero
        ---
        kind: Host
        name: host9
        providerAddresses: [{address: 192.168.4.90, vlan: 100}]
        providerRoutes:
        - {prefix: 0.0.0.0/0, nextHop: 192.168.4.1}
        - {prefix: 10.0.0.0/8, metric: 5}
        ---
        kind: LookupRecord
        name: appliance
        tenant: blue-corp
        vsid: 5001
        customerAddress: 10.0.0.9
        mac: 06:06:00:00:00:09
        providerAddress: 192.168.4.99
        """;

    public static TheoryData<string> Kinds() => [.. ResourceKinds.All.Select(static k => k.Collection)];

    public static TheoryData<string> Written() => [.. ResourceKinds.All.Where(static k => !k.IsView).Select(static k => k.Collection)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Get_EveryKindInEveryFormat_ShowsTheSameRows(string kind)
    {
        await cloud.RunAsync("apply -f -", More);
        CliRun table = await cloud.RunAsync($"get {kind}"), wide = await cloud.RunAsync($"get {kind} -o wide"), json = await cloud.RunAsync($"get {kind} -o json");
        CliRun yaml = await cloud.RunAsync($"get {kind} -o yaml"), name = await cloud.RunAsync($"get {kind} -o name");

        Assert.All([table, wide, json, yaml, name], static r => Assert.Equal(0, r.ExitCode));
        int count = JsonElement.Parse(json.Output).GetArrayLength();
        Assert.Equal(kind == "events", count == 0);
        Assert.Equal(count, Lines(name).Length);
        if (count > 0)
        {
            Assert.Equal((count + 1, count + 1), (Lines(table).Length, Lines(wide).Length));
            Assert.Equal(count, yaml.Output.Split("---\n").Length);
            Assert.All(KindTables.Find(kind).Columns.Columns, c => Assert.Contains(c.Header, Lines(wide)[0], StringComparison.Ordinal));
        }
    }

    /// <summary>What -o name shows is what other commands take.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Describe_WhatNameShows_KnowsItInEveryFormat(string kind)
    {
        await cloud.RunAsync("apply -f -", More);
        foreach (string name in Lines(await cloud.RunAsync($"get {kind} -o name")))
        {
            CliRun people = await cloud.RunAsync($"describe {kind} {name}"), json = await cloud.RunAsync($"describe {kind} {name} -o json"), same = await cloud.RunAsync($"describe {kind} {name} -o name");
            Assert.Equal((0, 0), (people.ExitCode, json.ExitCode));
            JsonElement described = JsonElement.Parse(json.Output) is { ValueKind: JsonValueKind.Array } all ? all[0] : JsonElement.Parse(json.Output);
            Assert.Equal(JsonValueKind.Object, described.GetProperty("related").ValueKind);
            Assert.Contains(name, Lines(same));
        }
    }

    [Theory]
    [MemberData(nameof(Written))]
    public async Task Describe_Yaml_IsTheManifestThatGetShows(string kind)
    {
        await cloud.RunAsync("apply -f -", More);
        string name = Lines(await cloud.RunAsync($"get {kind} -o name"))[0];
        CliRun described = await cloud.RunAsync($"describe {kind} {name} -o yaml");
        Assert.Equal((await cloud.RunAsync($"get {kind} {name} -o yaml")).Output, described.Output);
        Assert.Equal(0, (await cloud.RunAsync("diff -f -", described.Output)).ExitCode);
    }

    [Fact]
    public async Task Get_YamlOfEverything_MakesTheSameCloudElsewhere()
    {
        await cloud.RunAsync("apply -f -", More);
        var documents = new List<string>();
        foreach (string kind in Written().Select(static k => k.Data))
        {
            documents.Add((await cloud.RunAsync($"get {kind} -o yaml")).Output);
        }

        string everything = string.Join("---\n", documents);
        string directory = Directory.CreateTempSubdirectory("hnv-cli-").FullName;
        try
        {
            string address = $"unix:{directory}/c.sock";
            await using RunningController other = await ControllerHost.StartAsync(
                new ControllerOptions { DataDirectory = directory, Store = "memory", Listen = [address] }, TestContext.Current.CancellationToken);
            CliRun applied = await CliRun.RunAsync("apply -f -", input: everything, lab: address);
            Assert.True(applied.ExitCode == 0, applied.Error);
            foreach (string kind in Written().Select(static k => k.Data))
            {
                Assert.Equal((await cloud.RunAsync($"get {kind} -o yaml")).Output, (await CliRun.RunAsync($"get {kind} -o yaml", lab: address)).Output);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("next-hop --from blue-corp/vm1 --to 10.0.1.7 -o name", "blue-corp/vm2\n")]
    [InlineData("diff -f - -o name", "Host host1\n")]
    public async Task Name_OfAnAnswer_IsALine(string line, string expected)
    {
        CliRun run = await cloud.RunAsync(line, "kind: Host\nname: host1\nproviderAddresses: [192.168.4.11]\n");
        Assert.Equal((0, expected), (run.ExitCode, run.Output));
    }

    private static string[] Lines(CliRun run) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
