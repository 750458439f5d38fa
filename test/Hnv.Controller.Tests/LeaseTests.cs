using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>Addresses from a subnet's pool, from the write of a port to its record.</summary>
public sealed class LeaseTests
{
    private const string Network =
        """{"kind":"VmNetwork","name":"blue","tenant":"blue-corp","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/24"],"pool":{"range":"10.0.0.50-10.0.0.69"}}]}""";

    [Fact]
    public async Task Ports_that_are_made_at_the_same_time_never_get_the_same_address()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(1), Network);

        await Task.WhenAll(Enumerable.Range(1, 20).Select(n => c.ApplyAsync(Port(n))));

        JsonElement[] ports = [.. (await c.Client.ListAsync(Model.Resources.ResourceKind.Port, cancellationToken: Cancelled)).Items];
        Assert.Equal(
            Enumerable.Range(50, 20).Select(i => $"10.0.0.{i}"),
            ports.Select(p => Assert.Single(p.GetProperty("leases").EnumerateArray()).GetString()).Order(StringComparer.Ordinal));
        Assert.All(ports, p => Assert.False(p.GetProperty("status").TryGetProperty("conditions", out _)));
    }

    [Fact]
    public async Task A_port_that_waits_for_an_address_says_so_and_gets_the_one_that_is_given_up()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(1), Network.Replace("10.0.0.69", "10.0.0.50", StringComparison.Ordinal), Port(1), Port(2));
        JsonElement waiting = (await c.Client.GetAsync(PortId(2), Cancelled))!.Value;

        ApplyResponse response = await c.ApplyAsync(Port(1).Replace("}", ""","addresses":["10.0.0.7"]}""", StringComparison.Ordinal));

        Assert.Contains("PoolExhausted", waiting.GetProperty("status").GetProperty("conditions").EnumerateArray().Select(k => k.GetProperty("kind").GetString()));
        Assert.Equal([("p1", ApplyAction.Changed), ("p2", ApplyAction.Changed)], response.Results.Select(r => (r.Name, r.Action)));
        Assert.Equal(["/leases"], response.Results[1].Changes!.Value.Select(d => d.Field));
        Assert.Equal("10.0.0.50", (await c.Client.GetAsync(PortId(2), Cancelled))!.Value.GetProperty("leases")[0].GetString());
    }

    [Fact]
    public async Task A_lease_outlives_the_controller_and_is_not_taken_from_users()
    {
        using var directory = new TemporaryDirectory();
        string store = $"sqlite:{Path.Combine(directory.Path, "state.db")}";
        await using (TestController first = await StartAsync(o => o with { Store = store }))
        {
            await first.ApplyAsync(Host(1), Network, Port(1), Port(2));
            await first.Client.DeleteAsync(PortId(1), cancellationToken: Cancelled);
        }

        await using TestController second = await StartAsync(o => o with { Store = store });
        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(
            () => second.ApplyAsync(Port(2).Replace("}", ""","leases":["10.0.0.50"]}""", StringComparison.Ordinal)));
        ApplyResponse again = await second.ApplyAsync(Port(2));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal("/leases", Assert.Single(refused.Findings).Field);
        Assert.Equal(ApplyAction.Unchanged, Assert.Single(again.Results).Action);
        Assert.Equal("10.0.0.51", (await second.Client.GetAsync(PortId(2), Cancelled))!.Value.GetProperty("leases")[0].GetString());
    }

    private static string Port(int n) =>
        $$"""{"kind":"Port","name":"p{{n}}","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host1","interface":"v{{n}}","mac":"06:06:00:00:00:{{n:x2}}"}""";
}
