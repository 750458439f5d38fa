using Hnv.Agent.Reports;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hnv.Agent.Tests.Reports;

public sealed class ReportSenderTests : IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeSession _session = (FakeSession)new FakeControllers().Open("http://a");
    private readonly ReportSender _sender;
    private readonly Task _run;
    private long _revision = 1;
    private bool _connected = true;

    public ReportSenderTests()
    {
        _sender = new ReportSender(
            () => new ReportContent(_revision, [], []), () => _connected ? _session : null, "1.0", _time, NullLogger<ReportSender>.Instance);
        _run = Task.Run(() => _sender.RunAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    [Fact]
    public async Task Change_IsReportedWithoutTimePassing()
    {
        _sender.OnUpdate();
        HostReport report = await NextAsync();
        Assert.Equal((1, 1), (report.Sequence, report.RealisedRevision));
    }

    [Fact]
    public async Task Changes_TravelTogether_AndSequenceGrows()
    {
        _sender.OnUpdate();
        HostReport first = await NextAsync();
        for (_revision = 2; _revision < 50; _revision++)
        {
            _sender.OnUpdate();
        }

        HostReport second = await NextAsync(advance: true);
        Assert.Equal((2, 50), (second.Sequence, second.RealisedRevision));
        Assert.Equal(first.Epoch, second.Epoch);
    }

    [Fact]
    public async Task Idle_AHeartbeatIsSent()
    {
        HostReport report = await NextAsync(advance: true);
        Assert.Equal(1, report.Sequence);
        Assert.True(_time.GetUtcNow() - new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) >= ReportSender.Heartbeat);
    }

    [Fact]
    public async Task Refused_IsRepeatedWithTheNewestState()
    {
        int refused = 0;
        _session.RefuseReport = () => ++refused < 3 ? new HnvApiException("busy") : null;
        _sender.OnUpdate();
        await Until.TrueAsync(() => refused == 1, "the first report is refused");
        _revision = 9;
        Assert.Equal(9, (await NextAsync(advance: true)).RealisedRevision);
        Assert.Equal(3, refused);
    }

    /// <summary>A controller of the version before refuses what says to be newer.</summary>
    [Fact]
    public async Task Report_IsOfTheProtocolThatTheControllerGreetedWith()
    {
        _session.Protocol = PolicyProtocol.Version - 1;
        _sender.OnUpdate();
        Assert.Equal(PolicyProtocol.Version - 1, (await NextAsync()).Protocol);
    }

    [Fact]
    public async Task Disconnected_NothingIsSentAndNothingIsLost()
    {
        _connected = false;
        _sender.OnUpdate();
        _revision = 4;
        _connected = true;
        _sender.OnUpdate();
        Assert.Equal(4, (await NextAsync(advance: true)).RealisedRevision);
    }

    private async Task<HostReport> NextAsync(bool advance = false)
    {
        HostReport? report = null;
        await Until.TrueAsync(
            () =>
            {
                if (advance)
                {
                    _time.Advance(TimeSpan.FromMilliseconds(250));
                }

                return _session.Reports.Reader.TryRead(out report);
            },
            "a report comes");
        return report!;
    }
}
