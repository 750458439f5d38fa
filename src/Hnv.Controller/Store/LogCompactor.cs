using Hnv.StateLog;

namespace Hnv.Controller.Store;

/// <summary>
/// Forgets the log's history, so that it grows with the cloud and not with its changes: at every look, what was superseded before the
/// look before. A follower that is further behind lists again, as after a restart; watchers of the API have the controller's own memory.
/// Several controllers on one log may all do this.
/// </summary>
internal sealed partial class LogCompactor(IStateLog log, ControllerOptions options, ILogger<LogCompactor> logger) : BackgroundService
{
    private long _before;

    /// <summary>One look.</summary>
    internal async Task CompactAsync(CancellationToken cancellationToken)
    {
        long now = await log.GetRevisionAsync(cancellationToken);
        if (_before > 0)
        {
            try
            {
                await log.CompactAsync(_before, cancellationToken);
            }
            catch (CompactedException)
            {
                // Another controller was there first.
            }
        }

        _before = now;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var looks = new PeriodicTimer(options.CompactionInterval, options.Time);
        while (await looks.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CompactAsync(stoppingToken);
            }
            catch (Exception e) when (e is StateLogException or IOException)
            {
                LogFailed(e, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state log's history was not compacted, and will be tried again: {Reason}")]
    private partial void LogFailed(Exception e, string reason);
}
