using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Model.Resources;
using Microsoft.Extensions.DependencyInjection;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>Agents of other versions than the controller's: what they are not told, or are not served at all, somebody is told.</summary>
public sealed class AgentVersionTests
{
    private const string Host1 =
        """{"kind":"Host","name":"host1","providerAddresses":[{"address":"192.168.4.1","prefixLength":24,"vlan":7,"uplink":"eth1"}],"providerRoutes":[{"prefix":"0.0.0.0/0","nextHop":"192.168.4.254","metric":1},{"prefix":"10.9.0.0/16","nextHop":"192.168.4.254","metric":1}]}""";

    [Fact]
    public async Task What_an_older_agent_is_not_told_is_shown_on_its_host_and_not_claimed_until_the_agent_is_updated()
    {
        await using TestController c = await StartAsync();
        long revision = (await c.ApplyAsync([Host1, .. Lab[1..]])).Revision;
        await new PolicyStreamClient(c.Client, "host2").ReportAsync(Report(PolicyProtocol.Version, revision), Cancelled);
        await using (var older = new StreamReplica(c.Client, "host1", PolicyProtocol.Oldest))
        {
            await older.UntilAsync(revision);
            await older.Link.ReportAsync(Report(PolicyProtocol.Oldest, revision), Cancelled);

            JsonElement status = await StatusAsync(c, "host1");
            string problem = Assert.Single(Problems(status));
            Assert.Equal(PolicyProtocol.Oldest, status.GetProperty("protocol").GetInt32());
            Assert.All(
                ["provider routes to 0.0.0.0/0, 10.9.0.0/16 (none is set)", "VLAN and uplink of 192.168.4.1 (not looked at: until the agent is updated, the address is used wherever the host has it)", "prefix length of 192.168.4.1 (not compared)", "Update the agent"],
                said => Assert.Contains(said, problem, StringComparison.Ordinal));
            Assert.Empty(Problems(await StatusAsync(c, "host2")));

            ConvergenceAnswer claimed = await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled);
            PendingHost pending = Assert.Single(claimed.Pending);
            Assert.Equal(("host1", 3, problem), (pending.Host, pending.Withheld.Length, Assert.Single(pending.Problems)));
            Assert.False(claimed.Converged);
            ConvergenceAnswer tenants = await c.Running.Services.GetRequiredService<Convergence>().WaitAsync(revision, "blue-corp", TimeSpan.Zero, Cancelled);
            Assert.True(tenants.Converged);

            using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
            string metrics = await http.GetStringAsync("/metrics", Cancelled);
            Assert.Contains($"hnv_agents{{protocol=\"{PolicyProtocol.Oldest}\"}} 1\n", metrics, StringComparison.Ordinal);
            Assert.Contains("hnv_hosts_not_served_in_full 1\n", metrics, StringComparison.Ordinal);
        }

        await using var updated = new StreamReplica(c.Client, "host1");
        await updated.UntilAsync(revision);
        Assert.Empty(Problems(await StatusAsync(c, "host1")));
        Assert.False((await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled)).Converged);
        await updated.Link.ReportAsync(Report(PolicyProtocol.Version, revision) with { Epoch = 2 }, Cancelled);
        Assert.True((await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled)).Converged);
    }

    /// <summary>It would miss the digest, and refuse the whole stream: all other networks of its host, too.</summary>
    [Fact]
    public async Task A_network_that_an_older_agent_would_misread_stays_what_it_was_there_and_comes_back_when_it_is_understood()
    {
        const string Red = """{"kind":"VmNetwork","name":"red","tenant":"red-corp","useExternalRouter":true,"subnets":[{"vsid":6001,"prefixes":["10.0.0.0/24"]}]}""";
        await using TestController c = await StartAsync();
        long revision = (await c.ApplyAsync(
            [.. Lab, Red.Replace("true", "false", StringComparison.Ordinal), """{"kind":"Port","name":"r1","tenant":"red-corp","vmNetwork":"red","vsid":6001,"host":"host1","interface":"r1","mac":"06:06:00:00:01:01","addresses":["10.0.0.5"]}"""])).Revision;
        await using var older = new StreamReplica(c.Client, "host1", PolicyProtocol.Oldest);
        await older.UntilAsync(revision);
        Guid red = older.Messages.OfType<AttachMessage>().Single(static a => a.Name == "red").Network;
        string before = older.Dump(red)!;
        HeldNetwork held = older.Held(red);

        revision = (await c.ApplyAsync(Red, Port(3, 1))).Revision;
        await older.UntilAsync(revision);
        Assert.Equal(before, older.Dump(red));
        Assert.Contains("10.0.0.5", older.Dump(older.Messages.OfType<AttachMessage>().Single(static a => a.Name == "blue").Network), StringComparison.Ordinal);
        Assert.Contains("network red-corp/red with useExternalRouter (the host keeps what it had of it)", Assert.Single(Problems(await StatusAsync(c, "host1"))), StringComparison.Ordinal);
        await older.Link.ReportAsync(Report(PolicyProtocol.Oldest, revision), Cancelled);
        Convergence convergence = c.Running.Services.GetRequiredService<Convergence>();
        Assert.Equal("host1", Assert.Single((await convergence.WaitAsync(revision, "red-corp", TimeSpan.Zero, Cancelled)).Pending).Host);
        Assert.DoesNotContain("host1", (await convergence.WaitAsync(revision, "blue-corp", TimeSpan.Zero, Cancelled)).Pending.Select(static p => p.Host));

        await using (var again = new StreamReplica(c.Client, "host1", PolicyProtocol.Oldest, held))
        {
            await again.UntilAsync(revision);
            Assert.Contains(again.Messages, m => m is AttachMessage a && a.Network == red);
            Assert.DoesNotContain(again.Messages, m => m is DetachMessage || (m is SnapshotMessage s && s.Network == red));

            await again.UntilAsync((await c.ApplyAsync(Red.Replace("true", "false", StringComparison.Ordinal))).Revision);
            Assert.Equal(before, again.Dump(red));
            Assert.Single(again.Messages, m => m is AttachMessage a && a.Network == red);
        }
    }

    [Fact]
    public async Task An_older_agent_lacks_nothing_where_policy_says_nothing_that_is_newer()
    {
        await using TestController c = await StartAsync();
        long revision = await c.ApplyLabAsync();
        await using var older = new StreamReplica(c.Client, "host1", PolicyProtocol.Oldest);
        await older.UntilAsync(revision);
        Assert.Empty(Problems(await StatusAsync(c, "host1")));
    }

    /// <summary>Absent: the first version. What comes two versions later is refused too: it would refuse what it is sent.</summary>
    [Theory]
    [InlineData("", "update the agent")]
    [InlineData("?protocol=1", "update the agent")]
    [InlineData("?protocol=5", "update the controller")]
    public async Task An_agent_that_is_not_of_the_version_before_or_after_is_refused_with_the_remedy_and_its_host_says_so(string query, string remedy)
    {
        Assert.Equal((2, 3), (PolicyProtocol.Oldest, PolicyProtocol.Version)); // The numbers above follow these.
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };

        using HttpResponseMessage answer = await http.GetAsync($"/api/v1/hosts/host1/policy{query}", HttpCompletionOption.ResponseHeadersRead, Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        string detail = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancelled)).GetProperty("detail").GetString()!;
        Assert.Contains(remedy, detail, StringComparison.Ordinal);
        Assert.Contains("keeps the policy that it has", detail, StringComparison.Ordinal);
        JsonElement status = await StatusAsync(c, "host1");
        Assert.False(status.GetProperty("connected").GetBoolean());
        Assert.Contains(remedy, Assert.Single(Problems(status)), StringComparison.Ordinal);
        HnvApiException silent = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.KernelAsync<JsonElement>("host1", HostQueries.Status, Cancelled));
        Assert.Contains(remedy, silent.Message, StringComparison.Ordinal);

        await using var updated = new StreamReplica(c.Client, "host1");
        await updated.UntilAsync(1);
        Assert.Empty(Problems(await StatusAsync(c, "host1")));
    }

    /// <summary>An older agent cannot report why it refuses a stream: it reports while one is open, and that says nothing of the last one.</summary>
    [Fact]
    public async Task An_agent_that_leaves_every_stream_at_once_is_told_of()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        HostRegistry registry = c.Running.Services.GetRequiredService<HostRegistry>();
        for (int i = 1; i <= HostFindings.Fruitless; i++)
        {
            Assert.Empty(Problems(await StatusAsync(c, "host1")));
            await using (var host = new StreamReplica(c.Client, "host1"))
            {
                await host.UntilAsync(1);
            }

            await TestController.UntilAsync(() => Task.FromResult(registry.Find("host1").FruitlessStreams == i), "the stream ends");
        }

        Assert.Contains("refuses what it is sent", Assert.Single(Problems(await StatusAsync(c, "host1"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 4.9, true)]
    [InlineData(true, 5, false)]
    [InlineData(false, 0, false)]
    public void Disconnect_OfAStream_CountsWhatTheHostLeftAtOnce_AndBeginsAnewWithOneThatLives(bool left, double seconds, bool counts)
    {
        var registry = new HostRegistry(Options);
        registry.Connect("h", PolicyProtocol.Version);
        registry.Disconnect("h", left: true, TimeSpan.Zero);
        registry.Connect("h", PolicyProtocol.Version);

        registry.Disconnect("h", left, TimeSpan.FromSeconds(seconds));

        Assert.Equal(counts ? 2 : seconds >= 5 ? 0 : 1, registry.Find("h").FruitlessStreams);
    }

    private static HostReport Report(int protocol, long realised) => new(protocol, "0.1.0", 1, 1, realised, [], []);

    private static async Task<JsonElement> StatusAsync(TestController c, string host) =>
        (await c.Client.GetAsync(new ResourceId(ResourceKind.Host, null, host), Cancelled))!.Value.GetProperty("status");

    private static ImmutableArray<string> Problems(JsonElement status) => [.. status.GetProperty("problems").EnumerateArray().Select(static p => p.GetString()!)];
}
