using System.Net;
using Hnv.Agent.Learning;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Agent.Tests.Fakes.Items;
using static Hnv.Agent.Tests.Learning.LearningHost;

namespace Hnv.Agent.Tests.Learning;

public sealed class LearningCoreTests
{
    private readonly LearningHost _host = new();

    private FakeDataplane Kernel => _host.Kernel;

    [Fact]
    public void A_new_address_is_told_and_marked_synchronized_when_the_controller_took_it()
    {
        _host.Learn("10.0.0.70");
        Assert.Equal(RecordFlags.Unsynchronized, _host.Entry("10.0.0.70")!.Value.Record.Flags);

        LearnedReport report = Assert.Single(_host.TellAll());

        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(report));
        HostRecordEvent told = Assert.Single(report.Events);
        Assert.Equal((RecordEventKind.Added, "blue/blue1", AddressSource.Arp), (told.Event, told.Port, told.Source!.Value));
        Assert.Equal(RecordFlags.None, _host.Entry("10.0.0.70")!.Value.Record.Flags);
        Assert.Null(_host.Next());
    }

    [Fact]
    public void An_address_that_is_being_challenged_is_told_as_unusable_and_left_alone()
    {
        LearnedEntry entry = _host.Learn("10.0.0.70");
        Kernel.Learned[Key("10.0.0.70")] = entry = entry with { DeadlineNs = _host.Boot + 5_000_000, ChallengerIfindex = Port2, ChallengerPortId = 8, ChallengerMac = MacAddress.Parse(Mac2) };
        _host.Tell(LearnEventKind.PreMovement, "10.0.0.70", Port2);

        Assert.Equal(["10.0.0.70 blue/blue1 1.1 unusable"], Puts(_host.TellAll()));
        Assert.Equal(entry, _host.Entry("10.0.0.70"));
    }

    [Fact]
    public void A_released_address_is_deleted_with_its_version()
    {
        _host.Learn("10.0.0.70", counter: 3);
        _host.TellAll();

        Kernel.Learned.Remove(Key("10.0.0.70"));
        _host.Tell(LearnEventKind.Deleted, "10.0.0.70");

        LearnedReport report = Assert.Single(_host.TellAll());
        Assert.Equal(["10.0.0.70 1.3"], Deletes(report));
        Assert.Equal(RecordEventKind.Deleted, Assert.Single(report.Events).Event);
    }

    [Fact]
    public void An_address_that_moved_to_another_host_is_left_for_that_host_to_tell()
    {
        _host.Learn("10.0.0.70");
        _host.TellAll();

        _host.Hear("10.0.0.70", counter: 2);
        _host.Tell(LearnEventKind.PostMovement, "10.0.0.70", port: 0, pa: "192.168.4.22");

        LearnedReport report = Assert.Single(_host.TellAll());
        Assert.Empty(report.Networks);
        HostRecordEvent moved = Assert.Single(report.Events);
        Assert.Equal((RecordEventKind.PostMovement, "blue/blue1", "at 192.168.4.22"), (moved.Event, moved.Port, moved.Note));
    }

    [Fact]
    public void What_changes_while_a_report_is_under_way_is_in_the_next_and_a_lost_answer_repeats_the_same()
    {
        _host.Learn("10.0.0.70");
        LearnedReport first = _host.Next()!;
        _host.Learn("10.0.0.71");
        _host.Learn("10.0.0.71", counter: 2);

        Assert.Same(first, _host.Next());
        _host.Core.OnAnswer(first, new LearnedAnswer([], []));

        LearnedReport second = _host.Next()!;
        Assert.Equal(first.Sequence + 1, second.Sequence);
        Assert.Equal(["10.0.0.71 blue/blue1 1.2"], Puts(second));
    }

    [Fact]
    public void A_new_connection_and_a_gap_are_told_everything_in_parts()
    {
        for (int i = 0; i < LearningCore.MaxEntries + 10; i++)
        {
            _host.Learn($"10.0.{i / 250}.{i % 250}", tell: false);
        }

        foreach (Func<LearnedReport[]> way in new Func<LearnedReport[]>[] { () => _host.TellAll(new object()), Gap })
        {
            LearnedReport[] reports = way();
            Assert.Equal([true, false], reports.Select(static r => r.Begins));
            Assert.Equal([LearnedSection.Part, LearnedSection.Complete], reports.Select(static r => Assert.Single(r.Networks).Section));
            Assert.Equal(LearningCore.MaxEntries + 10, Puts(reports).Length);
            Assert.Equal(reports[0].Sequence + 1, reports[1].Sequence);
        }

        LearnedReport[] Gap()
        {
            _host.Core.OnGap();
            return _host.TellAll();
        }
    }

    [Fact]
    public void A_restarted_agent_tells_nothing_as_complete_before_its_ports_are_known()
    {
        _host.Learn("10.0.0.70");
        _host.TellAll();
        _host.Restart();
        object session = new();

        Assert.Empty(Assert.Single(_host.TellAll(session)).Networks);
        _host.Policy();
        Assert.Empty(_host.TellAll(session));
        _host.Core.OnLearned(Elsewhere("10.0.0.70", counter: 9));
        Assert.Equal("port 21", _host.Where("10.0.0.70"));
        _host.Core.Audit();
        Assert.Equal("port 21", _host.Where("10.0.0.70"));

        _host.Ports();

        LearnedReport report = Assert.Single(_host.TellAll(session));
        Assert.Equal(LearnedSection.Complete, Assert.Single(report.Networks).Section);
        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(report));
    }

    [Fact]
    public void Addresses_of_other_hosts_come_into_the_map_and_go()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80", counter: 2));

        LearnedEntry entry = _host.Entry("10.0.0.80")!.Value;
        Assert.Equal(("192.168.4.22", LearnSource.Controller, 0u, 2u), (_host.Where("10.0.0.80"), entry.Source, entry.PortId, entry.Counter));
        _host.Core.OnLearned(Gone("10.0.0.80", counter: 1));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.80"));
        _host.Core.OnLearned(Gone("10.0.0.80", counter: 2, pa: "192.168.4.33"));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.80"));
        _host.Core.OnLearned(Gone("10.0.0.80", counter: 2));
        Assert.Equal("nowhere", _host.Where("10.0.0.80"));
    }

    [Theory]
    [InlineData(1, 2, "192.168.4.22")]
    [InlineData(2, 2, "192.168.4.22")]
    [InlineData(3, 2, "192.168.4.33")]
    public void The_higher_version_of_what_was_heard_and_what_was_told_counts(uint heard, uint told, string where)
    {
        _host.Hear("10.0.0.80", "192.168.4.33", heard);
        _host.Core.OnLearned(Elsewhere("10.0.0.80", told));
        Assert.Equal(where, _host.Where("10.0.0.80"));
        Assert.Equal(where, After(_host.Core.Audit));

        string After(Action audit)
        {
            audit();
            return _host.Where("10.0.0.80");
        }
    }

    [Theory]
    [InlineData("fd00:4::22", "fd00:4::11")]
    [InlineData("192.168.4.22", "192.168.4.11")]
    [InlineData("192.168.4.22", "fd00:4::11", "192.168.4.11")]
    public void A_host_of_both_families_is_where_this_host_reaches_it(string where, params string[] own)
    {
        _host.Own(own);
        _host.Hear("10.0.0.80", where);
        _host.Core.OnLearned(Elsewhere("10.0.0.80", 2, section: LearnedSection.Complete) with { ProviderAddress6 = IPAddress.Parse("fd00:4::22") });
        Assert.Equal((where, LearnSource.Controller), (_host.Where("10.0.0.80"), _host.Entry("10.0.0.80")!.Value.Source));

        _host.Core.OnLearned(Gone("10.0.0.80", 2) with { ProviderAddress6 = IPAddress.Parse("fd00:4::22") });
        Assert.Equal("nowhere", _host.Where("10.0.0.80"));

        _host.Learn("10.0.0.70");
        LearnedReport report = _host.Next()!;
        var winner = new LearnedAddress(5001, IPAddress.Parse("10.0.0.70"), MacAddress.Parse("06:06:00:00:00:77"), AddressSource.Arp, 1, 9);
        _host.Core.OnAnswer(report, new LearnedAnswer([], [new LearnedConflict(Blue, "host2", IPAddress.Parse("192.168.4.22"), winner) { ProviderAddress6 = IPAddress.Parse("fd00:4::22") }]));
        Assert.Equal(where, _host.Where("10.0.0.70"));
    }

    [Fact]
    public void What_was_heard_on_the_wire_is_kept_where_the_controller_names_an_address_that_this_host_cannot_reach()
    {
        _host.Own("fd00:4::11");
        _host.Hear("10.0.0.80", "fd00:4::22");
        _host.Core.OnLearned(Elsewhere("10.0.0.80", 2));
        _host.Core.OnLearned(Elsewhere("10.0.0.81"));
        _host.Core.Audit();

        // Of what was not heard it is known at least that there is no way.
        Assert.Equal(("fd00:4::22", "192.168.4.22"), (_host.Where("10.0.0.80"), _host.Where("10.0.0.81")));
    }

    [Fact]
    public void An_address_that_was_released_elsewhere_and_taken_by_a_third_host_is_taken_over_with_its_lower_version()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80", counter: 5));
        _host.Core.OnLearned(Gone("10.0.0.80", counter: 5));
        _host.Core.OnLearned(Elsewhere("10.0.0.80", counter: 1, pa: "192.168.4.33"));
        Assert.Equal("192.168.4.33", _host.Where("10.0.0.80"));
    }

    [Fact]
    public void With_the_last_part_what_it_did_not_name_of_that_host_goes_and_nothing_else()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80"));
        _host.Core.OnLearned(Elsewhere("10.0.0.81"));
        _host.Core.OnLearned(Elsewhere("10.0.0.82"));
        _host.Core.OnLearned(Elsewhere("10.0.0.90", pa: "192.168.4.33"));
        _host.Learn("10.0.0.70");

        _host.Core.OnLearned(Elsewhere("10.0.0.80", section: LearnedSection.Part));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.82"));
        _host.Core.OnLearned(Elsewhere("10.0.0.81", section: LearnedSection.Complete));

        Assert.Equal(
            ["192.168.4.22", "192.168.4.22", "nowhere", "192.168.4.33", "port 21"],
            new[] { "10.0.0.80", "10.0.0.81", "10.0.0.82", "10.0.0.90", "10.0.0.70" }.Select(_host.Where));
    }

    [Fact]
    public void What_was_heard_of_a_host_and_is_denied_by_its_everything_goes_at_an_audit()
    {
        _host.Hear("10.0.0.80");
        _host.Time.Advance(TimeSpan.FromSeconds(10));
        _host.Hear("10.0.0.81");
        _host.Core.OnLearned(new LearnedMessage(Blue, IPAddress.Parse("192.168.4.22"), [], [], LearnedSection.Complete));

        _host.Core.Audit();

        Assert.Equal(("nowhere", "192.168.4.22"), (_host.Where("10.0.0.80"), _host.Where("10.0.0.81")));
    }

    [Fact]
    public void An_agent_that_starts_anew_knows_what_the_controller_told_the_one_before()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80"));
        _host.Restart();
        _host.Join();
        Kernel.Learned.Remove(Key("10.0.0.80"));

        _host.Core.Audit();
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.80"));
        _host.Core.OnLearned(new LearnedMessage(Blue, IPAddress.Parse("192.168.4.22"), [], [], LearnedSection.Complete));
        Assert.Equal("nowhere", _host.Where("10.0.0.80"));
    }

    [Fact]
    public void Two_hosts_claim_one_address_this_one_keeps_it_until_the_controller_decides()
    {
        _host.Learn("10.0.0.70");
        _host.TellAll();
        _host.Core.OnLearned(Elsewhere("10.0.0.70", counter: 7));
        Assert.Equal("port 21", _host.Where("10.0.0.70"));

        var winner = new LearnedConflict(Blue, "host2", IPAddress.Parse("192.168.4.22"), Elsewhere("10.0.0.70", counter: 7).Put[0]);
        LearnedReport[] told = _host.TellAll(answer: _ => new LearnedAnswer([], [winner]));

        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(told));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.70"));
        Assert.Empty(_host.TellAll());
        _host.Core.Audit();
        Assert.Empty(_host.TellAll());
    }

    [Fact]
    public void The_loser_elsewhere_is_forgotten_when_this_host_wins()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.70", counter: 1));
        _host.Learn("10.0.0.70", counter: 2);
        _host.TellAll();

        Kernel.Learned.Remove(Key("10.0.0.70"));
        _host.Tell(LearnEventKind.Deleted, "10.0.0.70");

        Assert.Equal("nowhere", _host.Where("10.0.0.70"));
    }

    [Fact]
    public void A_refused_address_stays_in_the_map_unsynchronized()
    {
        _host.Learn("10.0.0.70");
        _host.TellAll(answer: static _ => new LearnedAnswer([new LearnedRefusal(Blue, 5001, IPAddress.Parse("10.0.0.70"), "no")], []));

        Assert.Equal(RecordFlags.Unsynchronized, _host.Entry("10.0.0.70")!.Value.Record.Flags);
        Assert.Null(_host.Next());
    }

    [Fact]
    public void Audit_finds_what_events_did_not_say()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71");
        _host.TellAll();
        Kernel.Learned.Remove(Key("10.0.0.70"));
        _host.Learn("10.0.0.72", tell: false);
        _host.Core.OnLearned(Elsewhere("10.0.0.80"));
        Kernel.Learned.Remove(Key("10.0.0.80"));

        _host.Core.Audit();

        LearnedReport report = Assert.Single(_host.TellAll());
        Assert.Equal(["10.0.0.72 blue/blue1 1.1"], Puts(report));
        Assert.Equal(["10.0.0.70 1.1"], Deletes(report));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.80"));
    }

    [Fact]
    public void A_silent_address_is_asked_for_and_then_forgotten_one_that_answers_stays()
    {
        _host.Learn("10.0.0.70");
        LearnedEntry speaks = _host.Learn("10.0.0.71");
        _host.TellAll();
        _host.Time.Advance(TimeSpan.FromSeconds(1160));
        _host.Core.Audit();
        Assert.Empty(Kernel.Sent);

        _host.Time.Advance(TimeSpan.FromSeconds(20));
        _host.Core.Audit();
        Assert.Equal([Port1, Port1], Kernel.Sent.Select(static s => s.Interface));
        Assert.True(EthernetHeader.TryParse(Kernel.Sent[0].Frame, out EthernetHeader ethernet, out ReadOnlySpan<byte> body));
        Assert.True(ArpPacket.TryParse(body, out ArpPacket arp));
        Assert.Equal((MacAddress.Parse(Mac1), IPAddress.Any), (ethernet.Destination, arp.SenderAddress));
        Kernel.Learned[Key("10.0.0.71")] = speaks with { SeenNs = _host.Boot };

        _host.Time.Advance(TimeSpan.FromSeconds(30));
        _host.Core.Audit();

        Assert.Equal(("nowhere", "port 21"), (_host.Where("10.0.0.70"), _host.Where("10.0.0.71")));
        LearnedReport report = Assert.Single(_host.TellAll());
        Assert.Equal(["10.0.0.70 1.1"], Deletes(report));
        Assert.Contains("nothing was heard", Assert.Single(report.Events).Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_count_is_corrected_when_two_audits_find_it()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71");
        (Kernel.LearnedCounts[7], Kernel.LearnedCounts[8]) = (5, 3);

        _host.Core.Audit();
        Assert.Equal((5u, 3u), (Kernel.LearnedCounts[7], Kernel.LearnedCounts[8]));
        Kernel.LearnedCounts[8] = 1;
        _host.Core.Audit();

        Assert.Equal((2u, 1u), (Kernel.LearnedCounts[7], Kernel.LearnedCounts[8]));
        _host.Core.Audit();
        Assert.Equal(0u, Kernel.LearnedCounts[8]);
    }

    [Fact]
    public void An_audit_counts_what_other_hosts_announced_anew_and_what_they_add_meanwhile()
    {
        KernelAddress peer = IPAddress.Parse("192.168.4.22"), quiet = IPAddress.Parse("192.168.4.23");
        LearnedEntry heard = _host.Learn("10.0.0.70") with { Record = RecordEntry.Remote(MacAddress.Parse(Mac1), RecordKind.Dynamic, IPAddress.Parse("192.168.4.22")), PortId = 0, Source = LearnSource.Peer };
        Kernel.Learned[Key("10.0.0.70")] = heard;
        Kernel.Learned[Key("10.0.0.71")] = heard;
        Kernel.Learned[Key("10.0.0.72")] = heard with { Source = LearnSource.Controller };
        Kernel.PeerLearned[peer] = new PeerLearnedEntry(5, 6, PeerLearnedEntry.Max);
        Kernel.PeerLearned[quiet] = new PeerLearnedEntry(5, 6, 9);

        Kernel.Listed = () => Kernel.PeerLearned[peer] = new PeerLearnedEntry(7, 8, PeerLearnedEntry.Max + 3);
        _host.Core.Audit();
        Assert.Equal([KeyValuePair.Create(peer, new PeerLearnedEntry(7, 8, 5))], Kernel.PeerLearned);
        Assert.Null(_host.Core.PeerAtLimit);

        Kernel.Listed = () => Kernel.PeerLearned[peer] = new PeerLearnedEntry(7, 8, PeerLearnedEntry.Max + 5);
        _host.Core.Audit();
        Assert.Contains("192.168.4.22", _host.Core.PeerAtLimit, StringComparison.Ordinal);

        Kernel.Listed = static () => { };
        _host.Core.Audit();
        Assert.Equal((2u, null), (Kernel.PeerLearned[peer].Learned, _host.Core.PeerAtLimit));
    }

    [Fact]
    public void A_port_that_may_not_learn_any_more_loses_what_it_had()
    {
        _host.Learn("10.0.0.70");
        _host.Learn("10.0.0.71", Port2);
        _host.TellAll();
        _host.Core.OnUpdate(new Agent.Sync.NetworkChanged(Items.Policy(Blue, 6), [new Agent.Sync.ItemChange(Learner(), Port())]));

        _host.Core.Audit();

        Assert.Equal(("nowhere", "port 22"), (_host.Where("10.0.0.70"), _host.Where("10.0.0.71")));
        Assert.Equal(["10.0.0.70 1.1"], Deletes(_host.TellAll()));
    }

    [Fact]
    public void A_network_that_leaves_takes_everything_that_was_learned_in_it()
    {
        _host.Learn("10.0.0.70");
        _host.Core.OnLearned(Elsewhere("10.0.0.80"));
        _host.Hear("10.0.0.90");

        _host.Core.OnUpdate(new Agent.Sync.NetworkDetached(Items.Policy(Blue, 6, Subnet(), Learner())));

        Assert.Empty(Kernel.Learned);
        Assert.Empty(Puts(_host.TellAll()));
    }

    [Fact]
    public void A_challenge_that_ran_out_is_ended_by_repeating_the_announcement_at_the_challengers_port()
    {
        LearnedEntry entry = _host.Learn("10.0.0.70");
        Kernel.Learned[Key("10.0.0.70")] = entry with { DeadlineNs = _host.Boot + 5_000_000, ChallengerIfindex = Port2, ChallengerPortId = 8, ChallengerMac = MacAddress.Parse(Mac2) };
        (RecordKey key, TimeSpan after) = _host.Tell(LearnEventKind.PreMovement, "10.0.0.70", Port2)!.Value;
        Assert.InRange(after.TotalMilliseconds, 4.9, 5.1);
        Assert.NotNull(_host.Core.Promote(key));
        Assert.Empty(Kernel.Injected);

        _host.Time.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Null(_host.Core.Promote(key));

        (int port, byte[] frame) = Assert.Single(Kernel.Injected);
        Assert.True(EthernetHeader.TryParse(frame, out EthernetHeader ethernet, out ReadOnlySpan<byte> body));
        Assert.True(ArpPacket.TryParse(body, out ArpPacket arp));
        Assert.Equal((Port2, "ff:ff:ff:ff:ff:ff", Mac2, "10.0.0.70", true), (port, $"{ethernet.Destination}", $"{arp.SenderMac}", $"{arp.SenderAddress}", arp.IsGratuitous));

        _host.Learn("10.0.0.70", Port2, counter: 2, tell: false);
        _host.Tell(LearnEventKind.PostMovement, "10.0.0.70", Port2);
        Assert.Single(Kernel.Injected);
    }

    [Fact]
    public void A_challenge_that_was_answered_or_is_of_another_host_is_left_alone()
    {
        LearnedEntry entry = _host.Learn("10.0.0.70");
        Kernel.Learned[Key("10.0.0.70")] = entry with { DeadlineNs = _host.Boot + 5_000_000, ChallengerPa = IPAddress.Parse("192.168.4.22"), ChallengerMac = MacAddress.Parse(Mac2) };
        (RecordKey key, _) = _host.Tell(LearnEventKind.PreMovement, "10.0.0.70", port: 0, pa: "192.168.4.22")!.Value;
        _host.Time.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Null(_host.Core.Promote(key));

        Kernel.Learned[Key("10.0.0.70")] = entry;
        Assert.Null(_host.Core.Promote(key));
        Assert.Empty(Kernel.Injected);
    }

    [Fact]
    public void An_address_that_a_program_promoted_is_announced_for_ipv6_too()
    {
        _host.Learn("2001:db8::70", Port2, counter: 2, source: LearnSource.NeighborDiscovery, tell: false);
        _host.Tell(LearnEventKind.PostMovement, "2001:db8::70", Port2);

        (int port, byte[] frame) = Assert.Single(Kernel.Injected);
        Assert.Equal(Port2, port);
        Assert.Contains("2001:db8::70", PacketDescriber.Describe(frame), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_moved_here_with_its_port_is_put_there_when_the_port_is_bound()
    {
        _host.Core.OnPorts([State("blue/blue1", Mac1, 7, Port1), State("blue/blue2", Mac2, 8, null)]);
        _host.Core.OnLearned(Elsewhere("10.0.0.70", counter: 4));
        _host.Core.OnLearned(Elsewhere("10.0.0.70", counter: 4, pa: "192.168.4.11", port: "blue/blue2"));
        Assert.Equal("192.168.4.22", _host.Where("10.0.0.70"));

        _host.Ports();

        LearnedEntry entry = _host.Entry("10.0.0.70")!.Value;
        Assert.Equal(("port 22", 8u, 4u), (_host.Where("10.0.0.70"), entry.PortId, entry.Counter));
        Assert.Equal(["10.0.0.70 blue/blue2 1.4"], Puts(_host.TellAll()));
    }

    [Fact]
    public void When_its_port_leaves_an_address_is_where_the_controller_says()
    {
        _host.Learn("10.0.0.70");
        _host.TellAll();
        _host.Core.OnLearned(Elsewhere("10.0.0.70"));
        Assert.Equal("port 21", _host.Where("10.0.0.70"));

        PolicyItem[] left = [Learner()];
        _host.Core.OnUpdate(new Agent.Sync.NetworkChanged(Items.Policy(Blue, 6), [.. left.Select(static i => new Agent.Sync.ItemChange(i, null))]));
        _host.Core.OnPorts([State("blue/blue2", Mac2, 8, Port2)]);

        Assert.Equal("192.168.4.22", _host.Where("10.0.0.70"));
    }

    [Fact]
    public void Events_beyond_the_limit_push_out_the_oldest()
    {
        for (int i = 0; i < LearningCore.MaxEvents + 100; i++)
        {
            _host.Tell(LearnEventKind.Throttled, $"10.0.{i / 250}.{i % 250}");
        }

        HostRecordEvent[] told = [.. _host.TellAll().SelectMany(static r => r.Events)];
        Assert.Equal(LearningCore.MaxEvents, told.Length);
        Assert.Equal(IPAddress.Parse("10.0.0.100"), told[0].Address);
    }

    [Fact]
    public void Of_another_network_nothing_is_taken()
    {
        _host.Core.OnLearned(Elsewhere("10.0.0.80") with { Network = Red });
        Assert.Equal("nowhere", _host.Where("10.0.0.80"));
    }
}
