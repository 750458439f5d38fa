using System.Diagnostics;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Model.Resources;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>What a set held before and holds no more goes: of whom it may, and all or nothing.</summary>
public sealed class PruneTests
{
    private static string NetworkOf(string tenant, string name, int vsid) => $$"""{"kind":"VmNetwork","name":"{{name}}","tenant":"{{tenant}}","subnets":[{"vsid":{{vsid}},"prefixes":["10.0.0.0/24"]}]}""";

    [Fact]
    public async Task Prune_WithATenant_LeavesTheSameSetOfOthers()
    {
        await using TestController c = await StartAsync();
        await c.Client.ApplyAsync([Json(NetworkOf("blue", "one", 5001)), Json(NetworkOf("blue", "two", 5002)), Json(Host(1))], set: "web", cancellationToken: Cancelled);
        await c.Client.ApplyAsync([Json(NetworkOf("red", "one", 6001))], set: "web", cancellationToken: Cancelled);

        ApplyResponse dry = await c.Client.ApplyAsync([Json(NetworkOf("blue", "one", 5001))], dryRun: true, set: "web", prune: true, tenant: "blue", cancellationToken: Cancelled);
        ApplyResponse pruned = await c.Client.ApplyAsync([Json(NetworkOf("blue", "one", 5001))], set: "web", prune: true, tenant: "blue", cancellationToken: Cancelled);

        Assert.Equal(["blue/one Unchanged", "blue/two Deleted"], pruned.Results.Select(static r => $"{r.Tenant}/{r.Name} {r.Action}"));
        Assert.Equal(dry.Results.Select(static r => (r.Name, r.Action)), pruned.Results.Select(static r => (r.Name, r.Action)));
        Assert.Equal(["blue/one", "red/one"], (await c.Client.ListAsync(ResourceKind.VmNetwork, cancellationToken: Cancelled)).Items.Select(static n => $"{n.GetProperty("tenant")}/{n.GetProperty("name")}"));
        Assert.Single((await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items);
    }

    [Fact]
    public async Task Prune_OfWhatSomebodyElseUses_ChangesNothing()
    {
        await using TestController c = await StartAsync();
        await c.Client.ApplyAsync([Json(Host(1)), Json(Network())], set: "base", cancellationToken: Cancelled);
        await c.Client.ApplyAsync([Json(Port(1, 1))], set: "vms", cancellationToken: Cancelled);

        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.ApplyAsync([Json(Host(1)), Json(Host(2))], set: "base", prune: true, cancellationToken: Cancelled));

        Assert.NotEmpty(refused.Findings);
        Assert.Single((await c.Client.ListAsync(ResourceKind.VmNetwork, cancellationToken: Cancelled)).Items);
        Assert.Single((await c.Client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items);
    }

    /// <summary>Too much for one transaction of the state log, and killed anywhere in it: the one set is there, or the other, each whole.</summary>
    [Fact]
    public async Task Prune_OfAControllerThatIsKilled_IsDoneWholeOrNotAtAll()
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(5);
        (int before, int after) = (0, 0);
        for (int round = 0; round < 8; round++)
        {
            using Process process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hnv.Controller.TestHost.dll"), directory.Path])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
            using var client = new HnvClient((await process.StandardOutput.ReadLineAsync(Cancelled))!);
            string[] there = await HostsAsync(client);
            (string old, string next) = ($"r{round}-", $"r{round + 1}-");
            if (round > 0)
            {
                string[] names = [.. there.Select(static n => n.Split('-')[0] + "-").Distinct()];
                Assert.Equal(150, there.Length);
                (before, after) = Assert.Single(names) == old ? (before, after + 1) : (before + 1, after);
            }

            await client.ApplyAsync(Hosts(old), set: "all", prune: true, cancellationToken: Cancelled);
            Assert.Equal(150, (await HostsAsync(client)).Length);
            Task killer = Task.Run(
                async () =>
                {
                    await Task.Delay(random.Next(0, 60), Cancelled);
                    process.Kill();
                },
                Cancelled);
            try
            {
                await client.ApplyAsync(Hosts(next), set: "all", prune: true, cancellationToken: Cancelled);
            }
            catch (HnvApiException e) when (e.IsUnreachable)
            {
                // Killed before it could answer.
            }

            await killer;
            await process.WaitForExitAsync(Cancelled);
        }

        Assert.Equal(7, before + after);

        static IEnumerable<System.Text.Json.JsonElement> Hosts(string prefix) => Enumerable.Range(0, 150).Select(i => Json($$"""{"kind":"Host","name":"{{prefix}}{{i}}"}"""));
        static async Task<string[]> HostsAsync(HnvClient client) => [.. (await client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items.Select(static h => h.GetProperty("name").GetString()!)];
    }
}
