using System.Net;
using Hnv.Agent.Learning;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>What the agent does with real maps and ports. Needs root.</summary>
public sealed class LearningTests : IDisposable
{
    private const string Mac = "06:06:00:00:00:05";
    private static readonly PolicyItem[] s_policy = [Subnet() with { Learning = LearningMode.Dynamic }, Route(), Port() with { LearnLimit = 16, LearnSources = LearningSources.All }];

    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task An_address_in_the_map_is_told_and_marked_and_one_of_another_host_comes_and_goes()
    {
        (_, int port) = await BindAsync();
        LearningCore core = Core();
        RecordKey own = new(5001, IPAddress.Parse("10.0.0.70")), other = new(5001, IPAddress.Parse("10.0.0.80"));
        _host.Dataplane.PutLearned(own, default(LearnedEntry) with
        {
            Record = RecordEntry.Local(MacAddress.Parse(Mac), RecordKind.Dynamic, port, RecordFlags.Unsynchronized), PortId = 7, SeenNs = BootClock.Now, Epoch = 1, Counter = 1, Source = LearnSource.Dhcp,
        });
        core.Audit();

        LearnedReport report = core.NextReport(this)!;
        LearnedClaim claim = Assert.Single(Assert.Single(report.Networks).Put);
        core.OnAnswer(report, new LearnedAnswer([], []));
        core.OnLearned(new LearnedMessage(Blue, IPAddress.Parse("192.168.4.22"), [new LearnedAddress(5001, IPAddress.Parse("10.0.0.80"), MacAddress.Parse(Mac), AddressSource.Arp, 3, 4)], []));

        Assert.Equal(("10.0.0.70", "blue/blue1", AddressSource.Dhcp), ($"{claim.Address}", claim.Port, claim.Source));
        Assert.InRange(claim.LearnedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.True(_host.Dataplane.TryReadLearned(own, out LearnedEntry told));
        Assert.Equal(RecordFlags.None, told.Record.Flags);
        Assert.True(_host.Dataplane.TryReadLearned(other, out LearnedEntry there));
        Assert.Equal(("192.168.4.22", 3u, 4u), ($"{there.Record.Pa}", there.Epoch, there.Counter));
        core.OnLearned(new LearnedMessage(Blue, IPAddress.Parse("192.168.4.22"), [], [new LearnedDeletion(5001, IPAddress.Parse("10.0.0.80"), 3, 4)]));
        Assert.False(_host.Dataplane.TryReadLearned(other, out _));
    }

    [Fact]
    public async Task A_count_that_is_wrong_in_the_kernel_is_corrected()
    {
        await BindAsync();
        LearningCore core = Core();
        _host.Dataplane.PutLearnedCount(7, 9);
        core.Audit();
        core.Audit();
        Assert.Equal([KeyValuePair.Create(7u, 0u)], _host.Dataplane.ReadLearnedCounts());
    }

    [Fact]
    public async Task What_other_hosts_announced_is_counted_anew_in_the_kernel()
    {
        await BindAsync();
        LearningCore core = Core();
        KernelAddress peer = IPAddress.Parse("192.168.4.22"), quiet = IPAddress.Parse("192.168.4.23");
        _host.Dataplane.PutLearned(
            new RecordKey(5001, IPAddress.Parse("10.0.0.81")),
            default(LearnedEntry) with
            {
                Record = RecordEntry.Remote(MacAddress.Parse("06:06:00:00:00:81"), RecordKind.Dynamic, IPAddress.Parse("192.168.4.22")), SeenNs = ulong.MaxValue / 2, Source = LearnSource.Peer,
            });
        _host.Dataplane.PutPeerLearned(peer, new PeerLearnedEntry(5, 6, 7));
        _host.Dataplane.PutPeerLearned(quiet, new PeerLearnedEntry(5, 6, 7));

        core.Audit();

        Assert.Equal([KeyValuePair.Create(peer, new PeerLearnedEntry(5, 6, 1))], _host.Dataplane.ReadPeerLearned());
    }

    [Fact]
    public async Task What_is_forgotten_leaves_the_map_and_comes_back_in_the_new_epoch_when_the_VM_says_it()
    {
        (NetworkNamespace vm, int port) = await BindAsync();
        using Rtnetlink inside = Rtnetlink.Of(vm);
        using PacketSocket eth0 = PacketSocket.Open(vm, inside.GetLink("eth0").Index);
        byte[] announcement = LearningFrames.Announcement(IPAddress.Parse("10.0.0.70"), MacAddress.Parse(Mac));
        RecordKey key = new(5001, IPAddress.Parse("10.0.0.70"));
        LearningCore core = Core();
        await LearnAsync();
        core.Audit();
        Assert.Equal("0.1", Version());
        uint held = Assert.Single(_host.Dataplane.ReadLearnedCounts()).Value;

        SubnetItem before = (SubnetItem)s_policy[0], after = before with { LearningEpoch = 1, Forgotten = new ForgottenItems([new ForgottenItem(1, IPAddress.Parse("10.0.0.70"), null)]) };
        var change = new NetworkChanged(Policy(Blue, 11, [after, .. s_policy[1..]]), [new ItemChange(before, after)]);
        core.OnUpdate(change);
        core.OnPorts(_host.Core.State.Ports);
        Assert.Equal("0.1", Version()); // The kernel still learns in the old epoch.
        _host.Core.OnUpdate(change);
        _host.Core.OnUpdate(new BookmarkReached(11));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "the subnet is in its next epoch");
        core.OnPorts(_host.Core.State.Ports);

        Assert.Null(Version());
        Assert.Equal(held - 1, Assert.Single(_host.Dataplane.ReadLearnedCounts()).Value);
        await LearnAsync();
        core.Audit();
        Assert.Equal("1.1", Version());

        string? Version() => _host.Dataplane.TryReadLearned(key, out LearnedEntry entry) ? $"{entry.Epoch}.{entry.Counter}" : null;

        async Task LearnAsync()
        {
            eth0.Send(announcement);
            await Until.TrueAsync(() => _host.Dataplane.TryReadLearned(key, out LearnedEntry entry) && entry.Record.Ifindex == port, "the VM's word is learned");
        }
    }

    [Fact]
    public async Task A_question_reaches_the_VM_past_the_guard()
    {
        (NetworkNamespace vm, int port) = await BindAsync();
        using Rtnetlink inside = Rtnetlink.Of(vm);
        using PacketSocket eth0 = PacketSocket.Open(vm, inside.GetLink("eth0").Index, new PacketSocketOptions { IgnoreOutgoing = true });
        byte[] question = LearningFrames.Question(IPAddress.Parse("10.0.0.70"), MacAddress.Parse(Mac), null)!;

        _host.Namespace.Run(() => _host.Dataplane.SendToPort(port, question));

        await Until.TrueAsync(() => eth0.Receive(TimeSpan.FromMilliseconds(100)) is { } frame && frame.AsSpan(0, question.Length).SequenceEqual(question), "the VM is asked");
    }

    [Fact]
    public async Task A_frame_that_is_let_in_at_a_port_is_treated_as_its_VMs()
    {
        (_, int port) = await BindAsync();
        byte[] announcement = LearningFrames.Announcement(IPAddress.Parse("10.9.9.9"), MacAddress.Parse(Mac));
        _host.Namespace.Run(() => _host.Dataplane.InjectFromPort(port, announcement));

        // No policy and no learning lets a VM have this address.
        await Until.TrueAsync(() => Refused() == 1, "the port's program saw it");
        Assert.Throws<DataplaneException>(() => _host.Namespace.Run(() => _host.Dataplane.InjectFromPort(99_999, announcement)));
    }

    [Fact]
    public async Task What_a_program_tells_is_read()
    {
        (NetworkNamespace vm, _) = await BindAsync();
        using Rtnetlink inside = Rtnetlink.Of(vm);
        using PacketSocket eth0 = PacketSocket.Open(vm, inside.GetLink("eth0").Index);
        using ILearnEvents events = _host.Dataplane.OpenEvents();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        eth0.Send(LearningFrames.Announcement(IPAddress.Parse("10.0.0.70"), MacAddress.Parse(Mac)));

        LearnEvent? e = null;
        while (e is null || e.Value.Ca.ToString() != "10.0.0.70")
        {
            Assert.True(await events.WaitAsync(limit.Token));
            Assert.True(events.TryRead(out e));
        }

        Assert.Equal((LearnEventKind.Added, 7u, 5001u, LearnSource.Arp, Mac), (e.Value.Kind, e.Value.PortId, e.Value.Vsid.ToHost(), e.Value.Source, $"{e.Value.Mac}"));
    }

    private async Task<(NetworkNamespace Vm, int Port)> BindAsync()
    {
        NetworkNamespace vm = _host.AddVm("v-blue1", "10.0.0.5", Mac);
        _host.Policy(10, s_policy);
        await _host.UntilAsync(() => _host.State("blue/blue1").StartsWith("bound", StringComparison.Ordinal), "the port is bound");
        return (vm, _host.Route.GetLink("v-blue1").Index);
    }

    private LearningCore Core()
    {
        var core = new LearningCore(_host.Dataplane, TimeProvider.System, static () => BootClock.Now, NullLogger<LearningCore>.Instance);
        core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1, Pa("192.168.4.11")), []));
        core.OnUpdate(new NetworkChanged(Policy(Blue, 10, s_policy), [.. s_policy.Select(static i => new ItemChange(null, i))]));
        core.OnUpdate(new BookmarkReached(10));
        core.OnPorts(_host.Core.State.Ports);
        return core;
    }

    private ulong Refused() => (ulong)_host.Dataplane.ReadCounters().Where(static c => c is { PortId: 7, Verdict: Verdict.SourceRecordMissing }).Sum(static c => (long)c.Packets);
}
