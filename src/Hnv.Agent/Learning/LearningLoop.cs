using System.Net;
using Hnv.Agent.Sync;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Linux;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Learning;

/// <summary>
/// Runs the core: events from the kernel, audits, and reports to the controller. Nothing that forwards waits for any of it.
/// </summary>
/// <param name="core">Its <see cref="LearningCore.Reportable"/> is to call <see cref="OnReportable"/>.</param>
/// <param name="dataplane">Where events come from.</param>
/// <param name="session">Where to report; null when no controller is connected.</param>
/// <param name="time">Clock and timers.</param>
/// <param name="log">Where failures are told.</param>
internal sealed partial class LearningLoop(
    LearningCore core, IDataplane dataplane, Func<IControllerSession?> session, TimeProvider time, ILogger<LearningLoop> log)
{
    /// <summary>Time between audits.</summary>
    public static readonly TimeSpan AuditInterval = TimeSpan.FromSeconds(10);

    /// <summary>Time to the next try after a report was not taken.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>Events that are taken in before the next ones are waited for.</summary>
    private const int MaxBatch = 256;

    /// <summary>Called when a moving adapter was heard at its new place, here or elsewhere.</summary>
    public Action? AdapterMoved { get; init; }

    private readonly Signal _reportable = new();
    private string? _lastProblem;

    /// <summary>There is something to tell the controller, or a controller to tell. Costs nothing.</summary>
    public void OnReportable() => _reportable.Set();

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using ILearnEvents events = dataplane.OpenEvents();
        await Task.WhenAll(ReadEventsAsync(events, ct), AuditAsync(events, ct), ReportAsync(ct));
    }

    private async Task ReadEventsAsync(ILearnEvents events, CancellationToken ct)
    {
        try
        {
            while (await events.WaitAsync(ct))
            {
                for (int i = 0; i < MaxBatch && events.TryRead(out LearnEvent? e); i++)
                {
                    if (e.Value.Kind == LearnEventKind.Activated)
                    {
                        AdapterMoved?.Invoke();
                    }
                    else if (e.Value.Kind == LearnEventKind.Unreachable)
                    {
                        Try(() =>
                        {
                            core.OnUnreachable(e.Value.Vsid.ToHost(), e.Value.Mac, e.Value.Pa);
                            return 0;
                        });
                    }
                    else if (Try(() => core.OnEvent(e.Value)) is { } challenge)
                    {
                        _ = PromoteAsync(challenge, ct);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <summary>Challenges end within milliseconds; waiting for one holds up nothing.</summary>
    private async Task PromoteAsync((RecordKey Key, TimeSpan After) challenge, CancellationToken ct)
    {
        try
        {
            for ((RecordKey Key, TimeSpan After)? next = challenge; next is { } due; next = Try(() => core.Promote(due.Key)))
            {
                await Task.Delay(due.After + TimeSpan.FromMilliseconds(1), time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The programs do it when a frame comes.
        }
    }

    private async Task AuditAsync(ILearnEvents events, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        long last = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                if (events.TakeOverrun() || time.GetElapsedTime(last) >= AuditInterval)
                {
                    Try(() =>
                    {
                        core.Audit();
                        return 0;
                    });
                    last = time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task ReportAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await _reportable.WaitAsync(AuditInterval, time, ct);
                while (session() is { } to && core.NextReport(to) is { } report)
                {
                    if (!await PostAsync(to, report, ct))
                    {
                        await Task.Delay(Retry, time, ct);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The map keeps it for the next run.
        }
    }

    private async Task<bool> PostAsync(IControllerSession to, LearnedReport report, CancellationToken ct)
    {
        try
        {
            LearnedAnswer answer = await to.LearnedAsync(report with { Protocol = to.Protocol }, ct);
            Try(() =>
            {
                core.OnAnswer(report, answer);
                return 0;
            });
            _lastProblem = null;
            return true;
        }
        catch (HnvApiException e) when (e.Status == HttpStatusCode.Conflict)
        {
            core.OnGap();
            return true;
        }
        catch (Exception e) when (e is HnvApiException or ObjectDisposedException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            if (_lastProblem != e.Message)
            {
                LogNotTaken(log, e.Message);
                _lastProblem = e.Message;
            }

            return false;
        }
    }

    /// <summary>A map that cannot be read or written now is looked at again by the next audit.</summary>
    private T? Try<T>(Func<T> what)
    {
        try
        {
            return what();
        }
        catch (Exception e) when (e is LinuxException or DataplaneException)
        {
            LogKernel(log, e);
            return default;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was learned was not taken by the controller, and is told again: {Problem}")]
    private static partial void LogNotTaken(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The maps of what is learned could not be read or written")]
    private static partial void LogKernel(ILogger log, Exception e);
}
