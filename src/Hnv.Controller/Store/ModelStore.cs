using System.Collections.Immutable;
using Hnv.Model.Resources;
using Hnv.StateLog;

namespace Hnv.Controller.Store;

/// <summary>
/// Follows the state log and swaps immutable snapshots. One loop applies what others and we commit, in the order of revisions, and
/// tells the listener; so everything downstream of the log sees one history.
/// </summary>
internal sealed partial class ModelStore : IAsyncDisposable
{
    private readonly IStateLog _log;
    private readonly ILogger<ModelStore> _logger;
    private readonly ChangeHistory _history;
    private readonly Lock _gate = new();
    private readonly AsyncSignal _changed = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile CloudState _state = CloudState.Empty;
    private Task _follower = Task.CompletedTask;
    private Action<CloudChange>? _listener;

    public ModelStore(IStateLog log, ControllerOptions options, ILogger<ModelStore> logger)
    {
        _log = log;
        _logger = logger;
        _history = new ChangeHistory(options.HistoryLimit);
    }

    /// <summary>The newest snapshot.</summary>
    public CloudState State => _state;

    /// <summary>Completes when there is a newer snapshot than at the time of asking.</summary>
    public Task Changed => _changed.Next;

    /// <summary>False after the log failed for good: the model may be old.</summary>
    public bool IsFollowing => !_follower.IsCompleted;

    /// <summary>Loads the state and begins to follow. The listener hears of everything, first of all that there is.</summary>
    public async Task StartAsync(Action<CloudChange> listener, CancellationToken cancellationToken)
    {
        _listener = listener;
        Replace(await CloudLoader.LoadAsync(_log, cancellationToken));
        _follower = Task.Run(() => FollowAsync(_stop.Token), CancellationToken.None);
    }

    /// <summary>Waits until the snapshot is at that revision or later.</summary>
    /// <exception cref="StateLogException">It never will be: the log is not followed any more.</exception>
    public async Task WaitForAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next = _changed.Next;
            if (_state.Revision >= revision)
            {
                return;
            }

            await Task.WhenAny(next, _follower).WaitAsync(cancellationToken);
            if (!IsFollowing && _state.Revision < revision)
            {
                throw new StateLogException($"The model stays at revision {_state.Revision}; the controller's log says why it is not followed any further.");
            }
        }
    }

    /// <summary>All changes after that revision that are known, oldest first; null when some are forgotten.</summary>
    public IReadOnlyList<(long Revision, ImmutableArray<ResourceTransition> Transitions)>? ChangesAfter(long revision)
    {
        lock (_gate)
        {
            return _history.After(revision);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _follower;
        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        bool reload = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (reload)
                {
                    Replace(await CloudLoader.LoadAsync(_log, cancellationToken));
                    reload = false;
                }

                await foreach (LogBatch batch in _log.WatchAsync(string.Empty, _state.Revision + 1, cancellationToken))
                {
                    await TakeAsync(batch, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (CompactedException e)
            {
                LogReload(e.Message);
                reload = true;
            }
            catch (Exception e) when (e is StateLogException or IOException)
            {
                LogRetry(e, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning disable CA1031 // Nobody awaits this loop: what ends it must be said here.
            catch (Exception e)
#pragma warning restore CA1031
            {
                // Mostly a newer version's entry: better an old model that says so (readyz) than a wrong one.
                LogNotUnderstood(e, e.Message);
                return;
            }
        }
    }

    private async Task TakeAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        CloudState state = _state;
        var changes = new Dictionary<ResourceId, StoredResource?>();
        foreach (LogEvent e in batch.Events)
        {
            if (e.Key == StoreKeys.Head)
            {
                CloudHead head = e.Value is { } value ? CloudHead.Read(value) : CloudHead.Initial;
                if (head.StagedSet is { } set && set != state.Head.StagedSet)
                {
                    foreach (StagedWrite write in await CloudLoader.ReadSetAsync(_log, set, batch.Revision, batch.Revision, cancellationToken))
                    {
                        changes[write.Id] = write.Resource;
                    }
                }

                state = state with { Head = head, HeadRevision = e.Value is null ? 0 : batch.Revision };
            }
            else if (e.Key.StartsWith(StoreKeys.Resources, StringComparison.Ordinal))
            {
                Take(e, changes);
            }
        }

        // The writing down of a staged set repeats what its head made visible: such changes are none.
        var transitions = ImmutableArray.CreateBuilder<ResourceTransition>();
        foreach ((ResourceId id, StoredResource? now) in changes)
        {
            StoredResource? before = state.Stored.GetValueOrDefault(id);
            if (before != now)
            {
                transitions.Add(new ResourceTransition(id, before, now));
            }
        }

        state = state.With([.. transitions.Select(static t => KeyValuePair.Create(t.Id, t.After))], batch.Revision);
        Publish(new CloudChange(batch.Revision, state, transitions.ToImmutable()));
    }

    private static void Take(LogEvent e, Dictionary<ResourceId, StoredResource?> changes)
    {
        if (e.Value is { } value)
        {
            StoredResource stored = StoredResource.Read(e.Key, value, e.Revision);
            changes[stored.Id] = stored;
        }
        else if (e.Previous is { } previous)
        {
            changes[StoredResource.Read(e.Key, previous, e.Revision).Id] = null;
        }
    }

    /// <summary>Begins anew from a state that was read as a whole; what differs from the last one is a change like any other.</summary>
    private void Replace(CloudState state)
    {
        CloudState before = _state;
        ImmutableArray<ResourceTransition> transitions =
        [
            .. state.Stored.Where(s => before.Stored.GetValueOrDefault(s.Key) != s.Value)
                .Select(s => new ResourceTransition(s.Key, before.Stored.GetValueOrDefault(s.Key), s.Value)),
            .. before.Stored.Where(s => !state.Stored.ContainsKey(s.Key)).Select(static s => new ResourceTransition(s.Key, s.Value, null)),
        ];
        lock (_gate)
        {
            _history.Reset(state.Revision);
        }

        Publish(new CloudChange(state.Revision, state, transitions), inHistory: false);
    }

    private void Publish(CloudChange change, bool inHistory = true)
    {
        _listener?.Invoke(change);
        lock (_gate)
        {
            if (inHistory)
            {
                _history.Add(change.Revision, change.Transitions);
            }

            _state = change.State;
        }

        _changed.Set();
    }

    [LoggerMessage(LogLevel.Warning, "Reading the whole state again: {Reason}")]
    private partial void LogReload(string reason);

    [LoggerMessage(LogLevel.Critical, "The state log cannot be followed any further: {Reason}")]
    private partial void LogNotUnderstood(Exception exception, string reason);

    [LoggerMessage(LogLevel.Error, "The state log does not answer, trying again: {Reason}")]
    private partial void LogRetry(Exception exception, string reason);
}
