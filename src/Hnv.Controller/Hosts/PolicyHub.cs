using Hnv.Api.Stream;
using Hnv.Controller.Store;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Turns changes of the cloud into changes of hosts' policies, and tells the streams that are open. Telling is a mark in memory; no
/// stream can hold up another, or the store.
/// </summary>
internal sealed class PolicyHub
{
    private readonly Lock _gate = new();
    private readonly PolicyEngine _engine = new();
    private readonly Dictionary<string, PolicySession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _lastChange = new(StringComparer.Ordinal);
    private volatile PolicySnapshot _current = PolicySnapshot.Empty;

    /// <summary>
    /// The newest policy. Streams are told before it is swapped: who reads its revision first and then finds nothing pending has sent
    /// everything up to it.
    /// </summary>
    public PolicySnapshot Current => _current;

    public void Take(CloudChange change)
    {
        lock (_gate)
        {
            PolicyChange policy = _engine.Apply(change.State.PolicyInput, [.. change.Transitions.Select(static t => t.Id)]);
            foreach ((string host, HostChange mine) in policy.Hosts)
            {
                _lastChange[host] = change.Revision;
                if (_sessions.TryGetValue(host, out PolicySession? session))
                {
                    session.Tell(policy.After, mine);
                }
            }

            _current = policy.After;
        }
    }

    /// <summary>The newest revision that changed something for the host, but at most <paramref name="revision"/>; 0 when nothing did.</summary>
    public long NeededRevision(string host, long revision)
    {
        lock (_gate)
        {
            return Math.Min(_lastChange.GetValueOrDefault(host), revision);
        }
    }

    /// <summary>Opens a host's stream. An older one of the same host ends: its connection is dead, or about to be.</summary>
    public PolicySession Open(string host, IReadOnlyDictionary<Guid, string> have)
    {
        lock (_gate)
        {
            if (_sessions.TryGetValue(host, out PolicySession? older))
            {
                older.Supersede();
            }

            var session = new PolicySession(host, _current, have);
            _sessions[host] = session;
            return session;
        }
    }

    /// <summary>Ends a stream; a newer one of the same host stays.</summary>
    public void Close(PolicySession session)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_sessions.GetValueOrDefault(session.Host), session))
            {
                _sessions.Remove(session.Host);
            }
        }
    }

    /// <summary>Passes a question down the host's stream; false when none is open, or too many questions wait.</summary>
    public bool TryAsk(string host, QueryMessage query)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(host, out PolicySession? session) && session.TryAsk(query);
        }
    }
}
