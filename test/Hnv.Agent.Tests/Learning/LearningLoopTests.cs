using System.Net;
using Hnv.Agent.Learning;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Learning.LearningHost;

namespace Hnv.Agent.Tests.Learning;

public sealed class LearningLoopTests : IAsyncLifetime
{
    private readonly LearningHost _host = new(joined: false);
    private readonly FakeControllers _controllers = new();
    private readonly CancellationTokenSource _stop = new();
    private FakeSession _session = null!;
    private LearningCore _core = null!;
    private Task _run = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        _session = (FakeSession)_controllers.Open("c1");
        LearningLoop loop = null!;
        _core = new LearningCore(_host.Kernel, _host.Time, () => _host.Boot, NullLogger<LearningCore>.Instance) { Reportable = () => loop.OnReportable() };
        loop = new LearningLoop(_core, _host.Kernel, () => _session, _host.Time, NullLogger<LearningLoop>.Instance);
        _core.OnUpdate(new Agent.Sync.NetworkChanged(Items.Policy(Api.Stream.HostScope.Id, 1, Items.Pa("192.168.4.11")), []));
        Api.Stream.PolicyItem[] items = [Items.Subnet(), Learner()];
        _core.OnUpdate(new Agent.Sync.NetworkChanged(Items.Policy(Items.Blue, 5, items), [.. items.Select(static i => new Agent.Sync.ItemChange(null, i))]));
        _core.OnUpdate(new Agent.Sync.BookmarkReached(5));
        _core.OnPorts([State("blue/blue1", Mac1, 7, Port1)]);
        _run = loop.RunAsync(_stop.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    [Fact]
    public async Task An_event_is_told_at_once()
    {
        Assert.True((await NextAsync()).Begins);

        LearnAndTell("10.0.0.70");

        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(await NextAsync()));
        await Until.TrueAsync(() => _host.Entry("10.0.0.70")!.Value.Record.Flags == RecordFlags.None, "the entry is synchronized");
    }

    [Fact]
    public async Task After_a_conflict_everything_is_told_anew_and_after_a_failure_the_same()
    {
        await NextAsync();
        _session.LearnedAnswers = static _ => throw new HnvApiException("gap", HttpStatusCode.Conflict, null);
        LearnAndTell("10.0.0.70");
        LearnedReport refused = await NextAsync();
        int failures = 1;
        _session.LearnedAnswers = _ => failures-- > 0 ? throw new HnvApiException("unreachable") : new LearnedAnswer([], []);

        LearnedReport failed = refused;
        while (!failed.Begins)
        {
            failed = await NextAsync();
        }

        await Until.TrueAsync(
            () =>
            {
                _host.Time.EndPauseShorterThan(TimeSpan.FromSeconds(2));
                _host.Time.Advance(TimeSpan.FromMilliseconds(100));
                return _session.Learned.Reader.Count > 0;
            },
            "it is told again");
        LearnedReport again = await NextAsync();
        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(again));
        Assert.True(again.Begins);
    }

    [Fact]
    public async Task Lost_events_bring_the_next_audit_forward()
    {
        await NextAsync();
        _host.Learn("10.0.0.70", tell: false);
        _host.Kernel.Events.Overrun = true;

        await Until.TrueAsync(
            () =>
            {
                _host.Time.Advance(TimeSpan.FromSeconds(1));
                return _session.Learned.Reader.Count > 0;
            },
            "the address is told");
        Assert.Equal(["10.0.0.70 blue/blue1 1.1"], Puts(await NextAsync()));
    }

    private void LearnAndTell(string address)
    {
        _host.Learn(address, tell: false);
        _host.Kernel.Events.Tell(new LearnEvent(
            _host.Boot, LearnEventKind.Added, 7, NetworkUInt32.ToNetwork(5001), IPAddress.Parse(address), MacAddress.Parse(Mac1), LearnSource.Arp, 0, KernelAddress.None, 0));
    }

    private async Task<LearnedReport> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _session.Learned.Reader.ReadAsync(limit.Token);
    }
}
