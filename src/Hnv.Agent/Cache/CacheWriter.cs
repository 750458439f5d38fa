using System.Collections.Immutable;
using Hnv.Agent.Sync;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Cache;

/// <summary>
/// Brings networks to disk behind the forwarding's back: changes are noted at once and written together, at most every
/// <see cref="Pause"/>, and not more than a tenth of the time.
/// </summary>
internal sealed partial class CacheWriter(PolicyCache cache, TimeProvider time, ILogger<CacheWriter> log)
{
    /// <summary>Shortest time between two writings.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Signal _signal = new();
    private Dictionary<Guid, HeldNetworkPolicy?> _pending = [];

    /// <summary>Why the last writing failed, for the host's report; null when it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Notes what a change means for the disk. Does no I/O.</summary>
    public void OnUpdate(HeldPolicyChange change)
    {
        lock (_lock)
        {
            switch (change)
            {
                case NetworkChanged c:
                    _pending[c.Policy.Network] = c.Policy;
                    break;
                case NetworkDetached d:
                    _pending[d.Policy.Network] = null;
                    break;
                default:
                    return;
            }

        }

        _signal.Set();
    }

    /// <summary>Writes what is noted, until cancelled; then once more, so that nothing is lost by an orderly end.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(ct);
                await Task.Delay(Pause, time, ct);
                long began = time.GetTimestamp();
                bool done = Flush();
                TimeSpan took = time.GetElapsedTime(began);
                await Task.Delay(done ? took * 9 : TimeSpan.FromSeconds(30), time, ct);
                if (!done)
                {
                    _signal.Set();
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Flush();
        }
    }

    /// <summary>Writes what is noted, now. False when something could not be written; it stays noted.</summary>
    public bool Flush()
    {
        Dictionary<Guid, HeldNetworkPolicy?> work;
        lock (_lock)
        {
            work = _pending;
            _pending = [];
        }

        string? problem = null;
        foreach ((Guid network, HeldNetworkPolicy? policy) in work)
        {
            try
            {
                if (policy is null)
                {
                    cache.Delete(network);
                }
                else
                {
                    cache.Save(policy);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem = $"The policy cannot be kept on disk: {e.Message}. After a reboot without a controller this host would not forward.";
                LogFailed(log, e);
                lock (_lock)
                {
                    _pending.TryAdd(network, policy);
                }
            }
        }

        Problem = problem;
        return problem is null;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The policy cannot be kept on disk")]
    private static partial void LogFailed(ILogger log, Exception e);
}
