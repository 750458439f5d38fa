using System.Collections.Immutable;
using Hnv.Agent.Sync;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Reports;

/// <summary>
/// Tells the controller what this host has realised: at once when it changed (changes during a post travel together in the next), and
/// every <see cref="Heartbeat"/> as a sign of life. Always the newest state, never a queue; nothing waits for it.
/// </summary>
/// <param name="compose">What to say now.</param>
/// <param name="session">Where to say it; null when no controller is connected.</param>
/// <param name="version">This build's.</param>
/// <param name="time">Clock and timers.</param>
/// <param name="log">Where refusals are told.</param>
internal sealed partial class ReportSender(
    Func<ReportContent> compose, Func<IControllerSession?> session, string version, TimeProvider time, ILogger<ReportSender> log)
{
    /// <summary>Time between reports when nothing changes.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Shortest time between two reports.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    /// <summary>Time to the next try after a failure.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>Called with every report that the controller took.</summary>
    public Action<HostReport>? Taken { get; init; }

    private readonly Signal _changed = new();
    private readonly long _epoch = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
    private long _sequence;
    private string? _lastProblem;

    /// <summary>Something of what is reported changed. Costs nothing.</summary>
    public void OnUpdate() => _changed.Set();

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            TimeSpan wait = Heartbeat;
            while (true)
            {
                await _changed.WaitAsync(wait, time, ct);
                wait = await PostAsync(ct) ? Heartbeat : Retry;
                await Task.Delay(Gap, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The process ends; the next run reports with a greater epoch.
        }
    }

    private async Task<bool> PostAsync(CancellationToken ct)
    {
        if (session() is not { } to)
        {
            return true;
        }

        ReportContent content = compose();
        var report = new HostReport(to.Protocol, version, _epoch, ++_sequence, content.RealisedRevision, content.Ports, content.Problems)
        {
            Left = content.Left, ProviderAddresses = content.ProviderAddresses,
        };
        try
        {
            await to.ReportAsync(report, ct);
            Taken?.Invoke(report);
            _lastProblem = null;
            return true;
        }
        catch (Exception e) when (e is HnvApiException or ObjectDisposedException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            if (_lastProblem != e.Message)
            {
                LogFailed(log, e.Message);
                _lastProblem = e.Message;
            }

            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The report was not taken, and is repeated: {Problem}")]
    private static partial void LogFailed(ILogger log, string problem);
}

/// <summary>What a report says, without its envelope.</summary>
internal sealed record ReportContent(long RealisedRevision, ImmutableArray<PortReport> Ports, ImmutableArray<string> Problems)
{
    /// <summary>What ports had counted that left.</summary>
    public ImmutableArray<PortCounters> Left { get; init; } = [];

    /// <summary>What became of the provider addresses.</summary>
    public ImmutableArray<ProviderAddressReport> ProviderAddresses { get; init; } = [];
}
