using System.IO.Pipelines;
using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Learning;
using Microsoft.Extensions.DependencyInjection;
using static Hnv.Controller.Tests.Learning.LearnedCloud;
using static Hnv.Controller.Tests.Learning.LearnedReplica;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

public sealed class LearnedTests
{
    [Fact]
    public async Task What_one_host_learned_all_others_of_the_network_hear_and_only_they()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud, Host(4), .. Other]);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3), stranger = await JoinAsync(c, 4);
        await one.BeginAsync();

        LearnedAnswer answer = await one.PutAsync(Claim("10.0.0.70", 1), Claim("10.0.0.71", 1, counter: 4, epoch: 2));

        Assert.Empty(answer.Refused);
        Assert.Empty(answer.Lost);
        await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 2.4");
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 2.4");
        await one.DeleteAsync(Gone("10.0.0.70"));
        await two.UntilKnownAsync("10.0.0.71 at 192.168.4.1 version 2.4");
        Assert.Empty(one.Known());
        Assert.DoesNotContain(stranger.Stream.Messages, static m => m is LearnedMessage { Put.Length: > 0 });

        RecordView view = (await c.Client.RecordsAsync("blue-corp", Cancelled)).Items.Single(static r => r.Type == "Dynamic");
        Assert.Equal(("10.0.0.71", "host1", "blue-corp/p1", "host1", AddressSource.Arp), ($"{view.CustomerAddress}", view.Host, view.Port, view.LearnedFrom, view.Source));
    }

    [Fact]
    public async Task A_host_that_comes_later_is_told_what_is_known()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1);
        await one.BeginAsync([.. Enumerable.Range(0, 1200).Select(static i => Claim($"10.0.{4 + (i / 200)}.{i % 200}", 1))]);

        await using LearnedReplica two = await JoinAsync(c, 2);

        await UntilAsync(() => Task.FromResult(two.Known().Length == 1200), "all are known");
        Assert.Equal([LearnedSection.Part, LearnedSection.Part, LearnedSection.Complete], two.Stream.Messages.OfType<LearnedMessage>().Where(static m => m.Put.Length > 0).Take(3).Select(static m => m.Section));
    }

    [Theory]
    [InlineData("10.0.0.70", 2, null, "no port 'blue-corp/p2' is on host host1")]
    [InlineData("10.0.0.70", 77, null, "no port 'blue-corp/p77' is on host host1")]
    [InlineData("10.9.0.70", 1, null, "is not in virtual subnet 5001")]
    [InlineData("::ffff:10.0.0.70", 1, null, "is not in virtual subnet 5001")]
    [InlineData("fe80::5", 1, null, "is not in virtual subnet 5001")]
    [InlineData("10.0.0.1", 1, null, "is the distributed gateway's")]
    [InlineData("10.0.0.9", 1, null, "policy gives 10.0.0.9 to port blue-corp/p9")]
    [InlineData("10.0.0.70", 1, "06:06:00:00:00:02", "neither the MAC of port")]
    [InlineData("10.0.0.70", 1, "00:00:5e:00:02:07", "neither the MAC of port")]
    [InlineData("10.0.0.70", 1, "00:00:5e:00:01:07", null)]
    [InlineData("10.0.0.70", 8, null, "does not learn")]
    [InlineData("10.0.0.70", 1, null, null)]
    public async Task A_host_may_speak_of_its_own_ports_in_their_subnets_only(string address, int port, string? mac, string? refusal)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud, FixedPort(9, 1), FixedPort(8, 1).Replace("}", ",\"learning\":\"static\"}", StringComparison.Ordinal)]);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2);
        await one.BeginAsync();

        LearnedAnswer answer = await one.PutAsync(Claim(address, port, mac: mac), Claim("10.0.0.99", 1));

        Assert.Equal(refusal is null ? 0 : 1, answer.Refused.Length);
        Assert.All(answer.Refused, r => Assert.Contains(refusal!, r.Reason, StringComparison.Ordinal));
        await UntilAsync(() => Task.FromResult(two.Known().Length == (refusal is null ? 2 : 1)), "what is allowed arrives");
    }

    [Theory]
    [InlineData(0u, uint.MaxValue, 1u, "version 4294967295.1 is of an epoch that no host was told: virtual subnet 5001 is in epoch 0")]
    [InlineData(0u, LearnedRules.MaxEpochAhead + 1, 1u, "is of an epoch that no host was told")]
    [InlineData(1u, LearnedRules.MaxEpochAhead + 2, 1u, "virtual subnet 5001 is in epoch 1")]
    [InlineData(1u, LearnedRules.MaxEpochAhead + 1, 1u, null)]
    [InlineData(0u, 0u, uint.MaxValue, "version 0.4294967295 says of more moves than an address can make: forget 10.0.0.70, and it begins anew")]
    [InlineData(0u, 0u, LearnedRules.MaxCounter + 1, "more moves")]
    [InlineData(0u, 0u, LearnedRules.MaxCounter, null)]
    public async Task A_host_cannot_say_a_version_that_nobody_could_go_beyond(uint subnet, uint epoch, uint counter, string? refusal)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        for (uint i = 0; i < subnet; i++)
        {
            await c.Client.ForgetAsync("blue-corp", 5001, null, Cancelled);
        }

        await using LearnedReplica one = await JoinAsync(c, 1);

        LearnedAnswer answer = await one.BeginAsync(Claim("10.0.0.70", 1, counter, epoch));

        Assert.Equal(refusal is null ? 0 : 1, answer.Refused.Length);
        Assert.All(answer.Refused, r => Assert.Contains(refusal!, r.Reason, StringComparison.Ordinal));

        // Whatever was taken can be forgotten.
        ForgetAnswer forgotten = await c.Client.ForgetAsync("blue-corp", 5001, null, Cancelled);
        Assert.Single((await one.PutAsync(Claim("10.0.0.70", 1, counter, forgotten.Epoch - 1))).Refused);
        Assert.Empty((await one.PutAsync(Claim("10.0.0.70", 1, epoch: forgotten.Epoch))).Refused);
    }

    [Theory]
    [InlineData("\"192.168.4.1\"", "192.168.4.1", null)]
    [InlineData("\"fd00:4::1\"", "fd00:4::1", null)]
    [InlineData("\"fd00:4::1\",\"192.168.4.1\"", "192.168.4.1", "fd00:4::1")]
    public async Task A_host_of_both_families_is_named_by_an_address_of_each(string addresses, string address, string? address6)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud.Where(static r => r != Host(1)), $$"""{"kind":"Host","name":"host1","providerAddresses":[{{addresses}}]}"""]);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 1, counter: 2));
        await two.UntilKnownAsync($"10.0.0.70 at {address} version 1.2");
        await one.PutAsync(Claim("10.0.0.71", 1));
        await two.UntilKnownAsync($"10.0.0.70 at {address} version 1.2", $"10.0.0.71 at {address} version 1.1");

        Assert.All(
            two.Stream.Messages.OfType<LearnedMessage>().Where(static m => m.Put.Length > 0),
            m => Assert.Equal((address, address6), ($"{m.ProviderAddress}", m.ProviderAddress6?.ToString())));
        LearnedConflict lost = Assert.Single((await three.BeginAsync(Claim("10.0.0.70", 3))).Lost);
        Assert.Equal((address, address6), ($"{lost.ProviderAddress}", lost.ProviderAddress6?.ToString()));
    }

    [Fact]
    public async Task A_host_cannot_make_a_port_hold_more_than_a_bounded_number_of_addresses()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1);

        LearnedAnswer answer = await one.BeginAsync([.. Enumerable.Range(0, 5000).Select(static i => Claim($"10.0.{4 + (i / 200)}.{i % 200}", 1))]);

        Assert.Equal(5000 - (PortLimit * 2), answer.Refused.Length);
        Assert.Contains("limit", answer.Refused[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_taken_twice_changes_nothing_one_after_a_gap_is_a_conflict()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2);
        HnvApiException unheard = await Assert.ThrowsAsync<HnvApiException>(() => one.PostAsync(false, [], [], sequence: 3));
        await one.PostAsync(true, [new LearnedBatch(one.Network, [Claim("10.0.0.70", 1)], [], LearnedSection.Complete)], [], sequence: 4);
        await one.PostAsync(false, [new LearnedBatch(one.Network, [], [Gone("10.0.0.70")])], [], sequence: 5);

        await one.PostAsync(false, [new LearnedBatch(one.Network, [Claim("10.0.0.70", 1)], [])], [], sequence: 4);
        await one.PostAsync(false, [new LearnedBatch(one.Network, [], [Gone("10.0.0.70")])], [], sequence: 5);
        HnvApiException gap = await Assert.ThrowsAsync<HnvApiException>(() => one.PostAsync(false, [], [], sequence: 7));
        await one.PostAsync(false, [new LearnedBatch(one.Network, [Claim("10.0.0.71", 1)], [])], [], sequence: 6);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (unheard.Status, gap.Status));
        await two.UntilKnownAsync("10.0.0.71 at 192.168.4.1 version 1.1");
    }

    [Fact]
    public async Task With_its_last_part_a_complete_report_takes_away_what_it_did_not_name()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await two.BeginAsync(Claim("10.0.0.80", 2));
        await one.BeginAsync(Claim("10.0.0.70", 1), Claim("10.0.0.71", 1), Claim("10.0.0.72", 1));
        await three.UntilKnownAsync(
            "10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 1.1", "10.0.0.72 at 192.168.4.1 version 1.1", "10.0.0.80 at 192.168.4.2 version 1.1");

        await one.PostAsync(true, new LearnedBatch(one.Network, [Claim("10.0.0.70", 1)], [], LearnedSection.Part));
        await one.PostAsync(false, new LearnedBatch(one.Network, [Claim("10.0.0.72", 1)], [], LearnedSection.Complete));

        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.72 at 192.168.4.1 version 1.1", "10.0.0.80 at 192.168.4.2 version 1.1");
    }

    [Fact]
    public async Task Two_hosts_that_were_cut_off_and_claim_one_address_agree_afterwards_and_the_loser_is_named()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 1, counter: 2), Claim("10.0.0.71", 1, at: 100), Claim("10.0.0.72", 1, at: 100));

        LearnedAnswer answer = await two.BeginAsync(Claim("10.0.0.70", 2, counter: 3), Claim("10.0.0.71", 2, at: 99), Claim("10.0.0.72", 2, at: 101));

        LearnedConflict lost = Assert.Single(answer.Lost);
        Assert.Equal(("10.0.0.72", "host1", "192.168.4.1", 1u), ($"{lost.Winner.Address}", lost.Host, $"{lost.ProviderAddress}", lost.Winner.Counter));
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.2 version 1.3", "10.0.0.71 at 192.168.4.2 version 1.1", "10.0.0.72 at 192.168.4.1 version 1.1");

        // The other loser hears of the winner, and is named when it insists.
        Assert.Equal(["10.0.0.70", "10.0.0.71"], (await one.PutAsync(Claim("10.0.0.70", 1, counter: 2), Claim("10.0.0.71", 1, at: 100))).Lost.Select(static l => $"{l.Winner.Address}"));
        await one.PutAsync(Claim("10.0.0.70", 1, counter: 2));
        RecordEvent[] conflicts = [.. (await c.Client.EventsAsync("blue-corp", Cancelled)).Items.Where(static e => e.Event == RecordEventKind.ConflictLost)];
        Assert.Equal(
            ["10.0.0.72 host2 blue-corp/p2", "10.0.0.70 host1 blue-corp/p1", "10.0.0.71 host1 blue-corp/p1"],
            conflicts.Select(static e => $"{e.CustomerAddress} {e.Host} {e.Port}"));
        Assert.Contains("blue-corp/p2 on host2 holds it with version 1.3", conflicts[1].Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_was_released_may_be_claimed_from_the_first_version_on()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 1, counter: 5));
        await two.BeginAsync();
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.5");

        await one.DeleteAsync(Gone("10.0.0.70", counter: 5));
        await two.PutAsync(Claim("10.0.0.70", 2, counter: 1));

        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.2 version 1.1");
    }

    [Fact]
    public async Task A_controller_that_starts_anew_erases_nothing_until_hosts_have_told_it()
    {
        string state = Path.Combine(Directory.CreateTempSubdirectory("hnv-learned-").FullName, "state.db");
        await using (TestController first = await StartAsync(o => o with { Store = $"sqlite:{state}" }))
        {
            await first.ApplyAsync(Cloud);
            await using LearnedReplica one = await JoinAsync(first, 1), two = await JoinAsync(first, 2);
            await one.BeginAsync(Claim("10.0.0.70", 1));
            await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1");
        }

        await using (TestController second = await StartAsync(o => o with { Store = $"sqlite:{state}" }))
        {
            await using LearnedReplica one = await JoinAsync(second, 1), two = await JoinAsync(second, 2), three = await JoinAsync(second, 3);
            await two.BeginAsync(Claim("10.0.0.80", 2));
            await three.UntilKnownAsync("10.0.0.80 at 192.168.4.2 version 1.1");
            Assert.DoesNotContain(three.Stream.Messages.OfType<LearnedMessage>(), static m => m.ProviderAddress.Equals(IPAddress.Parse("192.168.4.1")));

            await one.BeginAsync();

            await UntilAsync(
                () => Task.FromResult(three.Stream.Messages.Any(static m => m is LearnedMessage { Section: LearnedSection.Complete, Put.Length: 0 } l && l.ProviderAddress.Equals(IPAddress.Parse("192.168.4.1")))),
                "what else is held of host1 is said to be gone");
        }

        Directory.Delete(Path.GetDirectoryName(state)!, recursive: true);
    }

    [Fact]
    public async Task With_its_port_an_address_goes_moves_and_is_handed_over()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud, LearningPort(4, 1)]);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 4), Claim("10.0.0.71", 1));
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1", "10.0.0.71 at 192.168.4.1 version 1.1");

        await c.ApplyAsync(LearningPort(4, 2));

        string moved = "10.0.0.70 at 192.168.4.2 version 1.1 for blue-corp/p4";
        await three.UntilKnownAsync(moved, "10.0.0.71 at 192.168.4.1 version 1.1");
        await two.UntilKnownAsync(moved, "10.0.0.71 at 192.168.4.1 version 1.1");
        await one.UntilKnownAsync(moved);
        Assert.Contains("is on host host1", Assert.Single((await one.PutAsync(Claim("10.0.0.70", 4))).Refused).Reason, StringComparison.Ordinal);
        await two.BeginAsync(Claim("10.0.0.70", 4));
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.2 version 1.1", "10.0.0.71 at 192.168.4.1 version 1.1");

        await c.Client.DeleteAsync(PortId(4), cancellationToken: Cancelled);
        await three.UntilKnownAsync("10.0.0.71 at 192.168.4.1 version 1.1");
        await c.ApplyAsync(FixedPort(69, 3));
        await three.UntilKnownAsync();

        Assert.Equal(
            ["port blue-corp/p4 is gone", "policy gives 10.0.0.71 to port blue-corp/p69"],
            (await c.Client.EventsAsync("blue-corp", Cancelled)).Items.Where(static e => e.Event == RecordEventKind.Deleted).Select(static e => e.Note));
    }

    [Fact]
    public async Task While_a_port_moves_both_hosts_may_speak_of_it_and_the_new_one_is_right()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Cloud, LearningPort(4, 1)]);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2), three = await JoinAsync(c, 3);
        await one.BeginAsync(Claim("10.0.0.70", 4));
        await two.BeginAsync();
        await c.ApplyAsync(LearningPort(4, 1).Replace("}", ",\"migratingTo\":{\"host\":\"host2\"}}", StringComparison.Ordinal));

        Assert.Empty((await two.PutAsync(Claim("10.0.0.70", 4))).Refused);
        await one.PutAsync(Claim("10.0.0.70", 4));

        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.2 version 1.1");
        await c.ApplyAsync(LearningPort(4, 2));
        await one.PutAsync(Claim("10.0.0.70", 4, counter: 9));
        await three.UntilKnownAsync("10.0.0.70 at 192.168.4.2 version 1.1");
    }

    [Fact]
    public async Task A_host_that_changes_its_provider_address_takes_its_addresses_along()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2);
        await one.BeginAsync(Claim("10.0.0.70", 1));
        await two.UntilKnownAsync("10.0.0.70 at 192.168.4.1 version 1.1");

        await c.ApplyAsync("""{"kind":"Host","name":"host1","providerAddresses":["192.168.4.101"]}""");

        await two.UntilKnownAsync("10.0.0.70 at 192.168.4.101 version 1.1");
    }

    [Fact]
    public async Task The_next_hop_of_a_packet_knows_who_learned_an_address_and_who_sends_from_one()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await c.ApplyAsync("""{"kind":"VmNetwork","name":"blue","tenant":"blue-corp","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/16"],"learning":"dynamic","flooding":"unicast"}],"routes":[{"prefix":"172.16.0.0/12","nextHop":"10.0.0.80"}]}""");
        await using LearnedReplica one = await JoinAsync(c, 1), two = await JoinAsync(c, 2);
        await one.BeginAsync(Claim("10.0.0.70", 1), Claim("10.0.0.71", 1));
        await two.BeginAsync(Claim("10.0.0.80", 2));

        NextHopAnswer answer = await Ask("10.0.0.80", "10.0.0.70");
        Assert.Equal(
            ("Encapsulated", "192.168.4.2", "06:06:00:00:00:02", 5001u, "goes to 192.168.4.2; host2 learned that from its VM"),
            (answer.Verdict, $"{answer.ProviderAddress}", $"{answer.Mac}", answer.Vsid!.Value, answer.Reason));
        Assert.Equal(
            ("Dynamic", "blue-corp/p2", "host2", "host2", AddressSource.Arp),
            (answer.Record!.Type, answer.Record.Port, answer.Record.Host, answer.Record.LearnedFrom, answer.Record.Source));
        Assert.Equal("DeliveredLocal", (await Ask("10.0.0.71", "10.0.0.70")).Verdict);
        Assert.Equal(("Encapsulated", "10.0.0.80", RouteConditions.Active), (await Ask("172.16.5.5") is { } routed ? (routed.Verdict, $"{routed.NextHop}", routed.Route!.Condition) : default));
        Assert.Equal(("DestinationRecordMissing", "nobody in subnet 5001 has 10.0.0.99, by policy or as it was learned"), (await Ask("10.0.0.99") is { } missing ? (missing.Verdict, missing.Reason) : default));
        Assert.Equal("SourceRecordMissing", (await Ask("10.0.0.80", "10.0.0.98")).Verdict);
        Assert.Equal("Flooded", (await Ask("255.255.255.255")).Verdict);

        await one.PostAsync(false, new LearnedBatch(one.Network, [], [Gone("10.0.0.71")]));
        Assert.Equal("DestinationRecordMissing", (await Ask("10.0.0.71", "10.0.0.70")).Verdict);

        Task<NextHopAnswer> Ask(string to, string? from = null) => c.Client.NextHopAsync(5001, IPAddress.Parse(to), from is null ? null : IPAddress.Parse(from), Cancelled);
    }

    [Fact]
    public async Task A_stream_that_falls_behind_the_window_is_sent_the_whole()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1);
        await one.BeginAsync(Claim("10.0.0.70", 1));
        LearnedNetwork network = c.Running.Services.GetRequiredService<LearnedStore>().Network(one.Network);
        using var output = new StreamOutput(PipeWriter.Create(Stream.Null), c.Running.Services.GetRequiredService<StreamTurns>(), new ControllerOptions(), Cancelled);
        using var cursor = new LearnedCursor(network, "host9", output);
        await output.EnterAsync(); // Its turns are the test's.
        Assert.NotNull(cursor.Next());
        Assert.Null(cursor.Next());

        for (int round = 0; round * 1000 < LearnedFeed.Window + 5000; round++)
        {
            await one.PutAsync([.. Enumerable.Range(0, 1000).Select(i => Claim($"10.0.{4 + (i / 200)}.{i % 200}", 1, counter: (uint)round + 1))]);
            await UntilAsync(() => Task.FromResult(output.TakePassed().Count > 0), "the stream is woken");
        }

        await one.PutAsync();
        int entries = 0;
        while (cursor.Next() is { } node)
        {
            entries += node.Entries;
        }

        Assert.InRange(entries, 1001, 3000);
    }

    [Theory]
    [InlineData("""{"protocol":2,"epoch":1,"sequence":1,"begins":true,"networks":null,"events":[]}""")]
    [InlineData("""{"protocol":2,"epoch":1,"sequence":1,"begins":true,"networks":[null],"events":[]}""")]
    [InlineData("""{"protocol":2,"epoch":1,"sequence":1,"begins":true,"networks":[{"network":"11111111-2222-3333-4444-000000005001","put":[null],"delete":[]}],"events":[]}""")]
    [InlineData("""{"protocol":2,"epoch":1,"sequence":1,"begins":true,"networks":[{"network":"11111111-2222-3333-4444-000000005001","put":[{"vsid":5001}],"delete":[]}],"events":[]}""")]
    [InlineData("""{"protocol":2,"epoch":1,"sequence":1,"begins":true,"networks":[],"events":[null]}""")]
    [InlineData("""{"protocol":9,"epoch":1,"sequence":1,"begins":true,"networks":[],"events":[]}""")]
    [InlineData("""{"protocol":2,"epoch":0,"sequence":1,"begins":true,"networks":[],"events":[]}""")]
    [InlineData("""{"protocol":2}""")]
    [InlineData("[]")]
    public async Task What_is_not_well_formed_is_refused(string body)
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };

        using HttpResponseMessage answer = await http.PostAsync("/api/v1/hosts/host1/learned", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Ports_without_an_address_are_records_of_layer_2_and_metrics_count_by_network()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync(Cloud);
        await using LearnedReplica one = await JoinAsync(c, 1);
        await one.BeginAsync(Claim("10.0.0.70", 1));

        RecordView[] records = [.. (await c.Client.RecordsAsync(cancellationToken: Cancelled)).Items];
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
        string metrics = await http.GetStringAsync("/metrics", Cancelled);

        Assert.Equal(["Dynamic 10.0.0.70 blue-corp/p1", "L2Only 0.0.0.0 blue-corp/p2", "L2Only 0.0.0.0 blue-corp/p3"], records.Select(static r => $"{r.Type} {r.CustomerAddress} {r.Port}"));
        Assert.Contains("hnv_learned_entries{tenant=\"blue-corp\",network=\"blue\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE hnv_learned_reports_total counter\nhnv_learned_reports_total 1\n", metrics, StringComparison.Ordinal);
    }
}
