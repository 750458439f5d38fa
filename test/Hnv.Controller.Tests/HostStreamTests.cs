using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Store;
using Hnv.Model.Resources;
using Hnv.Policy;
using Microsoft.Extensions.DependencyInjection;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

public sealed class HostStreamTests
{
    [Fact]
    public async Task A_network_comes_with_its_first_port_changes_and_leaves_with_its_last()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Host(1), Host(2), Network(), Port(2, 2));
        await using var host = new StreamReplica(c.Client, "host1");
        await host.UntilAsync(1);
        Assert.DoesNotContain(host.Messages, static m => m is AttachMessage a && a.Network != HostScope.Id);
        Assert.Contains("192.168.4.1", host.Dump(HostScope.Id), StringComparison.Ordinal);

        await host.UntilAsync((await c.ApplyAsync(Port(1, 1))).Revision);
        AttachMessage attach = Assert.Single(host.Messages.OfType<AttachMessage>(), static a => a.Network != HostScope.Id);
        Assert.Equal(("blue-corp", "blue"), (attach.Tenant, attach.Name));
        string withTwo = host.Dump(attach.Network)!;
        Assert.Contains("10.0.0.4", withTwo, StringComparison.Ordinal);

        await host.UntilAsync((await c.ApplyAsync(Port(3, 2))).Revision);
        DeltaMessage delta = Assert.Single(host.Messages.OfType<DeltaMessage>());
        Assert.IsType<RecordItem>(Assert.Single(delta.Put));

        await c.Client.DeleteAsync(PortId(1), cancellationToken: Cancelled);
        await TestController.UntilAsync(() => Task.FromResult(host.Dump(attach.Network) is null), "the network leaves");
    }

    [Fact]
    public async Task Whatever_is_applied_two_hosts_that_follow_their_streams_know_what_a_full_recompute_says()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await using var host1 = new StreamReplica(c.Client, "host1");
        await using var host2 = new StreamReplica(c.Client, "host2");
        var random = new Random(7);
        long revision = 0;
        for (int i = 0; i < 60; i++)
        {
            int n = random.Next(3, 12);
            if (random.Next(3) == 0)
            {
                await c.Client.DeleteAsync(PortId(n), cancellationToken: Cancelled);
            }
            else
            {
                revision = (await c.ApplyAsync(Port(n, random.Next(1, 3)), Port(n + 20, random.Next(1, 3)))).Revision;
            }
        }

        revision = (await c.ApplyAsync(Host(3), Port(99, 1))).Revision;
        PolicyInput input = c.Running.Services.GetRequiredService<ModelStore>().State.PolicyInput;
        foreach ((StreamReplica replica, string name) in ((StreamReplica, string)[])[(host1, "host1"), (host2, "host2")])
        {
            await replica.UntilAsync(revision);
            foreach ((Guid network, ImmutableDictionary<string, PolicyItem> items) in HostPolicyView.Compute(input, name))
            {
                Assert.Equal(StreamReplica.Text(items.Values), replica.Dump(network));
            }
        }
    }

    /// <summary>Agents are upgraded after their controller, or before it: the older one's protocol is spoken.</summary>
    [Theory]
    [InlineData(PolicyProtocol.Version - 1, PolicyProtocol.Version - 1)]
    [InlineData(PolicyProtocol.Version, PolicyProtocol.Version)]
    [InlineData(PolicyProtocol.Version + 1, PolicyProtocol.Version)]
    public async Task A_host_is_greeted_in_a_protocol_that_it_speaks_and_heard_in_it(int understood, int spoken)
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
        using var reader = new StreamReader(await http.GetStreamAsync($"/api/v1/hosts/host1/policy?protocol={understood}", Cancelled));

        Assert.Contains($"\"protocol\":{spoken}", await reader.ReadLineAsync(Cancelled), StringComparison.Ordinal);

        await new PolicyStreamClient(c.Client, "host1").ReportAsync(Report(1, 1, 1) with { Protocol = spoken }, Cancelled);
    }

    [Theory]
    [InlineData(PolicyProtocol.Version + 1)]
    [InlineData(PolicyProtocol.Version - 2)]
    public async Task A_report_in_a_protocol_that_is_not_spoken_is_refused_with_those_that_are(int protocol)
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        HnvApiException refused = await Assert.ThrowsAsync<HnvApiException>(
            () => new PolicyStreamClient(c.Client, "host1").ReportAsync(Report(1, 1, 1) with { Protocol = protocol }, Cancelled));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains($"this controller speaks {PolicyProtocol.Version} and the one before", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_comes_back_is_sent_only_what_it_lacks()
    {
        await using TestController c = await StartAsync();
        long revision = await c.ApplyLabAsync();
        Guid network;
        HeldNetwork[] held;
        await using (var first = new StreamReplica(c.Client, "host1"))
        {
            await first.UntilAsync(revision);
            network = first.Messages.OfType<AttachMessage>().Single(static a => a.Network != HostScope.Id).Network;
            held = [first.Held(network), first.Held(HostScope.Id)];
        }

        var gone = Guid.NewGuid();
        await using (var second = new StreamReplica(c.Client, "host1", [.. held, new HeldNetwork(gone, 1, new string('0', 32))]))
        {
            await second.UntilAsync(revision);
            Assert.Equal(2, second.Messages.OfType<CurrentMessage>().Count());
            Assert.Empty(second.Messages.OfType<SnapshotMessage>());
            Assert.Equal(gone, Assert.Single(second.Messages.OfType<DetachMessage>()).Network);
        }

        revision = (await c.ApplyAsync(Port(3, 2))).Revision;
        await using var third = new StreamReplica(c.Client, "host1", held);
        await third.UntilAsync(revision);
        Assert.Equal(HostScope.Id, Assert.Single(third.Messages.OfType<CurrentMessage>()).Network);
        Assert.Equal(network, Assert.Single(third.Messages.OfType<SnapshotMessage>()).Network);
    }

    /// <summary>The replica checks every digest over what it was sent, as an agent of the version before does over what it understands.</summary>
    [Fact]
    public async Task A_host_of_the_protocol_before_gets_its_networks_and_nothing_of_provider_routes()
    {
        static string Host1(int length, string further = "") =>
            $$"""{"kind":"Host","name":"host1","providerAddresses":[{"address":"192.168.4.1","prefixLength":{{length}},"vlan":7,"uplink":"eth1"}{{further}}],"providerRoutes":[{"prefix":"0.0.0.0/0","nextHop":"192.168.4.254","metric":{{length}}}]}""";
        await using TestController c = await StartAsync();
        long revision = (await c.ApplyAsync([Host1(24), .. Lab[1..]])).Revision;
        var addresses = (IPAddress[])[IPAddress.Parse("192.168.4.1"), IPAddress.Parse("192.168.4.9")];
        HeldNetwork held;
        await using (var host = new StreamReplica(c.Client, "host1", PolicyProtocol.Version - 1))
        {
            await host.UntilAsync(revision);
            Assert.Equal(PolicyProtocol.Version - 1, host.Messages.OfType<HelloMessage>().Single().Protocol);
            Guid network = host.Messages.OfType<AttachMessage>().Single(static a => a.Network != HostScope.Id).Network;
            Assert.Contains("10.0.0.4", host.Dump(network), StringComparison.Ordinal);
            Assert.Equal(StreamReplica.Text([new ProviderAddressItem(addresses[0], 0)]), host.Dump(HostScope.Id));

            await host.UntilAsync((await c.ApplyAsync(Host1(25))).Revision);
            Assert.Empty(host.Messages.OfType<DeltaMessage>());
            await host.UntilAsync((await c.ApplyAsync(Host1(26, ",\"192.168.4.9\""))).Revision);
            Assert.Equal(StreamReplica.Text(addresses.Select(static (a, i) => new ProviderAddressItem(a, i))), host.Dump(HostScope.Id));
            held = host.Held(HostScope.Id);
        }

        await using (var again = new StreamReplica(c.Client, "host1", PolicyProtocol.Version - 1, held))
        {
            await again.UntilAsync(held.Revision);
            Assert.Equal(HostScope.Id, Assert.Single(again.Messages.OfType<CurrentMessage>()).Network);
        }

        await using var upgraded = new StreamReplica(c.Client, "host1", held);
        await upgraded.UntilAsync(held.Revision);
        Assert.Contains(nameof(ProviderRouteItem), upgraded.Dump(HostScope.Id), StringComparison.Ordinal);
        Assert.Contains("Vlan = 7", upgraded.Dump(HostScope.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_not_known_yet_is_kept_waiting_and_told_when_it_is()
    {
        await using TestController c = await StartAsync();
        await using var host = new StreamReplica(c.Client, "host1");
        await TestController.UntilAsync(() => Task.FromResult(host.Messages is [HelloMessage]), "hello");

        await host.UntilAsync(await c.ApplyLabAsync());

        Assert.NotNull(host.Dump(HostScope.Id));
    }

    [Fact]
    public async Task A_host_that_reads_nothing_neither_grows_without_bound_nor_holds_up_others()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        var uri = new Uri(c.Address);
        await deaf.ConnectAsync(IPAddress.Loopback, uri.Port, Cancelled);
        await deaf.SendAsync(Encoding.ASCII.GetBytes($"GET /api/v1/hosts/host1/policy?protocol={PolicyProtocol.Version} HTTP/1.1\r\nHost: localhost:{uri.Port}\r\n\r\n"), Cancelled);
        await using var host2 = new StreamReplica(c.Client, "host2");

        long revision = 0;
        for (int round = 0; round < 4; round++)
        {
            revision = (await c.ApplyAsync([.. Enumerable.Range(1000, 600).Select(n => $$"""{"kind":"Port","name":"x{{n}}","tenant":"blue-corp","vmNetwork":"blue","vsid":5002,"host":"host2","interface":"x{{n}}","mac":"06:07:00:{{round:x2}}:{{n / 256:x2}}:{{n % 256:x2}}","addresses":["10.1.{{n / 250}}.{{n % 250 + 2}}"]}""").Prepend(
                """{"kind":"VmNetwork","name":"blue","tenant":"blue-corp","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/24"]},{"vsid":5002,"prefixes":["10.1.0.0/16"]}]}""")])).Revision;
        }

        await host2.UntilAsync(revision);
        await TestController.UntilAsync(
            async () => (await c.Client.GetAsync(new ResourceId(ResourceKind.Host, null, "host1"), Cancelled))!.Value.GetProperty("status").GetProperty("connected").GetBoolean(),
            "the deaf host is connected");
    }

    [Fact]
    public void Marks_AreOneAKey_AndGiveWayToASnapshotBeyondTheLimit()
    {
        var network = Guid.NewGuid();
        using var session = new PolicySession("h", PolicySnapshot.Empty, ImmutableDictionary<Guid, string>.Empty);
        for (int i = 0; i < 3 * PolicySession.MaxMarks; i++)
        {
            var change = new HostChange();
            change.Touch(network, [$"record/{i}", "record/same"]);
            session.Tell(PolicySnapshot.Empty, change);
            Assert.InRange(session.PendingMarks, 0, PolicySession.MaxMarks);
        }

        Assert.True(session.Take().Marks[network].Anew);
        Assert.Empty(session.Take().Marks);
    }

    [Fact]
    public async Task A_second_stream_of_a_host_ends_the_first()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await using var first = new StreamReplica(c.Client, "host1");
        await first.UntilAsync(1);

        await using var second = new StreamReplica(c.Client, "host1");

        await TestController.UntilAsync(() => Task.FromResult(first.Ended), "the first stream ends");
        await second.UntilAsync(1);
        Assert.True((await c.Client.GetAsync(new ResourceId(ResourceKind.Host, null, "host1"), Cancelled))!.Value.GetProperty("status").GetProperty("connected").GetBoolean());
    }

    [Fact]
    public async Task Convergence_names_who_is_pending_until_it_reports_and_older_reports_change_nothing()
    {
        await using TestController c = await StartAsync();
        long revision = await c.ApplyLabAsync();
        PolicyStreamClient host1 = new(c.Client, "host1");
        PolicyStreamClient host2 = new(c.Client, "host2");
        Assert.Equal(["host1", "host2"], (await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled)).Pending.Select(static p => p.Host));

        await host1.ReportAsync(Report(1, 1, revision), Cancelled);
        ConvergenceAnswer half = await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled);
        Task<ConvergenceAnswer> waiting = c.Client.ConvergenceAsync(revision, TimeSpan.FromSeconds(30), Cancelled);
        await host2.ReportAsync(Report(1, 1, revision), Cancelled);

        Assert.Equal("host2", Assert.Single(half.Pending).Host);
        Assert.True((await waiting).Converged);

        long next = (await c.ApplyAsync(Port(3, 1))).Revision;
        await host1.ReportAsync(Report(1, 3, next), Cancelled);
        await host1.ReportAsync(Report(1, 2, revision), Cancelled);
        await host1.ReportAsync(Report(0, 99, 0), Cancelled);
        PendingHost pending = Assert.Single((await c.Client.ConvergenceAsync(next, TimeSpan.Zero, Cancelled)).Pending);
        Assert.Equal(("host2", revision, next), (pending.Host, pending.RealisedRevision, pending.NeededRevision));
        Assert.NotNull(pending.AgeSeconds);
    }

    [Fact]
    public async Task Convergence_OfAHostThatReportsARevisionYetToCome_WaitsForIt()
    {
        await using TestController c = await StartAsync();
        long revision = await c.ApplyLabAsync();
        await new PolicyStreamClient(c.Client, "host1").ReportAsync(Report(1, 1, revision), Cancelled);
        PolicyStreamClient restored = new(c.Client, "host2");
        await restored.ReportAsync(Report(1, 1, revision + 1000), Cancelled);

        ConvergenceAnswer before = await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled);
        await restored.ReportAsync(Report(1, 2, revision), Cancelled);

        Assert.Equal("host2", Assert.Single(before.Pending).Host);
        Assert.True((await c.Client.ConvergenceAsync(revision, TimeSpan.Zero, Cancelled)).Converged);
    }

    [Fact]
    public void Disconnect_OfTheOldStreamAfterTheNewOneBegan_LeavesTheHostConnected()
    {
        var registry = new HostRegistry(Options);
        registry.Connect("h", PolicyProtocol.Version);
        registry.Connect("h", PolicyProtocol.Version);
        registry.Disconnect("h", left: false, TimeSpan.Zero);
        Assert.True(registry.Find("h").Connected);

        registry.Disconnect("h", left: true, TimeSpan.Zero);
        Assert.False(registry.Find("h").Connected);
    }

    [Fact]
    public async Task Port_states_that_a_host_reports_are_shown_on_the_ports()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        HostReport report = Report(1, 1, 1) with { Ports = [new PortReport("blue-corp/p1", PortStates.Waiting, "no interface v1", null)] };

        await new PolicyStreamClient(c.Client, "host1").ReportAsync(report, Cancelled);

        JsonElement status = (await c.Client.GetAsync(PortId(1), Cancelled))!.Value.GetProperty("status");
        Assert.Equal((PortStates.Waiting, "no interface v1"), (status.GetProperty("state").GetString(), status.GetProperty("reason").GetString()));
        Assert.NotEqual(0u, status.GetProperty("number").GetUInt32());
        Assert.Equal("unknown", (await c.Client.GetAsync(PortId(2), Cancelled))!.Value.GetProperty("status").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_question_goes_down_the_stream_and_its_answer_or_problem_comes_back()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        HnvApiException silent = await Assert.ThrowsAsync<HnvApiException>(() => c.Client.KernelAsync<JsonElement>("host1", HostQueries.Ports, Cancelled));
        Assert.Equal(HttpStatusCode.GatewayTimeout, silent.Status);

        await using var host = new StreamReplica(c.Client, "host1");
        await host.UntilAsync(1);
        Task<ImmutableArray<KernelPort>> ports = c.Client.KernelAsync<ImmutableArray<KernelPort>>("host1", HostQueries.Ports, Cancelled);
        QueryMessage query = await NextQueryAsync(host, 0);
        await host.Link.AnswerAsync(query.Id, ImmutableArray.Create(new KernelPort("blue-corp/p1", "v1", 7, 5001, default, "bound", null)), Cancelled);
        Assert.Equal(7, Assert.Single(await ports).InterfaceIndex);

        Task<JsonElement> failing = c.Client.KernelAsync<JsonElement>("host1", HostQueries.Records, Cancelled);
        await host.Link.AnswerProblemAsync((await NextQueryAsync(host, 1)).Id, new HnvProblem { Status = 500, Detail = "no maps here" }, Cancelled);
        HnvApiException problem = await Assert.ThrowsAsync<HnvApiException>(() => failing);
        Assert.Equal((HttpStatusCode.BadGateway, "no maps here"), (problem.Status, problem.Message));

        HnvApiException late = await Assert.ThrowsAsync<HnvApiException>(() => host.Link.AnswerAsync(query.Id, "again", Cancelled));
        Assert.Equal(HttpStatusCode.NotFound, late.Status);
    }

    private static async Task<QueryMessage> NextQueryAsync(StreamReplica host, int number)
    {
        await TestController.UntilAsync(() => Task.FromResult(host.Messages.OfType<QueryMessage>().Count() > number), "the question arrives");
        return host.Messages.OfType<QueryMessage>().ElementAt(number);
    }

    private static HostReport Report(long epoch, long sequence, long realised) =>
        new(PolicyProtocol.Version, "0.1.0", epoch, sequence, realised, [], []);
}
