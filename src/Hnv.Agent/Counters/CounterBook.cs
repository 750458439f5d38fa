using System.Collections.Immutable;
using Hnv.Agent.Sync;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Counters;

/// <summary>
/// What this host's ports had counted before the kernel's counters of now began: on the hosts they come from, and here, before they were bound
/// anew. The kernel forgets a port's counters when it is unbound, so they are read before. What a port had counted that left is kept
/// until the controller took it. A pass over the ports: <see cref="BeginPass"/>, <see cref="Read"/> and <see cref="Keep"/> about what is unbound,
/// <see cref="TellLeft"/>, <see cref="Save"/>.
/// <code>
///   shown  =  before (this book, on disk)  +  the kernel's
/// </code>
/// </summary>
/// <remarks>
/// Invariants: a port that leaves is told once, with everything, and when the kernel has let go of it: until then it may come back; what is handed on
/// counts once, however often it is said. A crash between the kernel's forgetting and the next <see cref="Save"/> loses what was read; nothing is counted
/// twice. For any thread.
/// </remarks>
internal sealed partial class CounterBook(IDataplane dataplane, ICounterStore store, ILogger<CounterBook> log)
{
    /// <summary>Identifiers that a port remembers of what was handed to it.</summary>
    private const int MaxTaken = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, BookedPort> _ports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BookedPort> _leaving = new(StringComparer.Ordinal);

    /// <summary>Of the run before, and not named by policy yet.</summary>
    private readonly Dictionary<string, BookedPort> _former = new(StringComparer.Ordinal);
    private readonly List<PortCounters> _left = [];

    /// <summary>Of one pass: reading all counters for each of many ports would cost more than the pass itself.</summary>
    private Func<uint, PortCounters>? _reading;
    private readonly HashSet<uint> _forgotten = [];
    private bool _changed;
    private string? _problem;

    /// <summary>Why the last writing failed, for the host's report; null when it did not.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>What left and was not told yet, as much as goes into a report.</summary>
    public ImmutableArray<PortCounters> Left
    {
        get
        {
            lock (_gate)
            {
                return [.. _left.Take(PortCounters.MaxPorts)];
            }
        }
    }

    /// <summary>Reads what the run before wrote down.</summary>
    public void Load()
    {
        lock (_gate)
        {
            CounterFile file = store.Load();
            foreach (BookedPort port in file.Ports)
            {
                _former[port.Before.Port] = port;
            }

            _left.AddRange(file.Left);
        }
    }

    /// <summary>Which ports policy has here. No I/O: what leaves is looked at by <see cref="TellLeft"/>.</summary>
    public void OnUpdate(HeldPolicyChange change)
    {
        lock (_gate)
        {
            switch (change)
            {
                case NetworkChanged changed:
                    foreach (ItemChange item in changed.Changes)
                    {
                        if (item.Before is PortItem before && before.Name != (item.After as PortItem)?.Name)
                        {
                            Leave(before);
                        }

                        if (item.After is PortItem after)
                        {
                            Arrive(after);
                        }
                    }

                    break;
                case NetworkDetached detached:
                    foreach (PortItem port in detached.Policy.Items.Values.OfType<PortItem>())
                    {
                        Leave(port);
                    }

                    break;
                case BookmarkReached:
                    _changed |= _former.Count > 0;
                    _former.Clear();
                    break;
            }
        }
    }

    /// <summary>A pass over the ports begins.</summary>
    public void BeginPass()
    {
        lock (_gate)
        {
            _reading = null;
            _forgotten.Clear();
        }
    }

    /// <summary>What the kernel has counted of a port: for <see cref="Keep"/>, when it has forgotten that. Null for one that is none of the book's.</summary>
    public PortCounters? Read(string name, uint number)
    {
        lock (_gate)
        {
            return (_ports.ContainsKey(name) || _leaving.ContainsKey(name)) && !_forgotten.Contains(number) ? (_reading ??= Reading())(number) : null;
        }
    }

    /// <summary>The port was unbound, and the kernel has forgotten what it had counted.</summary>
    public void Keep(string name, uint number, PortCounters? counted)
    {
        lock (_gate)
        {
            _forgotten.Add(number);
            Dictionary<string, BookedPort> book = _ports.ContainsKey(name) ? _ports : _leaving;
            if (counted is not null && book.TryGetValue(name, out BookedPort? port))
            {
                book[name] = port with { Before = port.Before.Plus(counted) };
                _changed = true;
            }
        }
    }

    /// <summary>The ports of the pass are done: those that left, and are unbound, are told.</summary>
    /// <param name="isBound">Whether the kernel would not let go of a port: it stays, and counts.</param>
    public void TellLeft(Func<string, bool> isBound)
    {
        lock (_gate)
        {
            foreach ((string name, BookedPort port) in _leaving.Where(l => !isBound(l.Key)).ToArray())
            {
                // One of the run before may be in the kernel, and never have been bound by this one.
                PortCounters all = (_forgotten.Contains(port.Number) ? port.Before : port.Before.Plus((_reading ??= Reading())(port.Number))) with { Id = Guid.NewGuid().ToString("n") };
                if (!all.IsEmpty)
                {
                    _left.Add(all);
                }

                _leaving.Remove(name);
                _changed = true;
                LogLeft(log, name);
            }
        }
    }

    /// <summary>What a port had counted on a host that it left.</summary>
    /// <returns>False when policy does not have the port here (yet).</returns>
    /// <exception cref="IOException">It is not on disk; told again, it counts once all the same.</exception>
    public bool Take(PortCounters handed)
    {
        lock (_gate)
        {
            if (!_ports.TryGetValue(handed.Port, out BookedPort? port))
            {
                return false;
            }

            if (!port.Taken.Contains(handed.Id))
            {
                _ports[handed.Port] = port with { Before = port.Before.Plus(handed), Taken = [.. port.Taken.TakeLast(MaxTaken - 1), handed.Id] };
                _changed = true;
            }
        }

        // On disk before the controller forgets it.
        return Save() ? true : throw new IOException(Problem);
    }

    /// <summary>The controller took what a report said.</summary>
    public void OnTold(ImmutableArray<PortCounters> told)
    {
        if (told.IsEmpty)
        {
            return;
        }

        lock (_gate)
        {
            HashSet<string> ids = [.. told.Select(static t => t.Id)];
            _changed |= _left.RemoveAll(l => ids.Contains(l.Id)) > 0;
        }

        Save();
    }

    /// <summary>What each port had counted before.</summary>
    public ImmutableArray<PortCounters> Before()
    {
        lock (_gate)
        {
            return [.. _ports.Values.Select(static p => p.Before).Where(static b => !b.IsEmpty)];
        }
    }

    /// <summary>Writes down what changed.</summary>
    /// <returns>False when it cannot be written: <see cref="Problem"/> says why, and the next one tries again.</returns>
    public bool Save()
    {
        lock (_gate)
        {
            if (!_changed)
            {
                return true;
            }

            try
            {
                IEnumerable<BookedPort> ports = _ports.Values.Concat(_leaving.Values).Concat(_former.Values);
                store.Save(new CounterFile([.. ports.Where(static p => p.Taken.Length > 0 || !p.Before.IsEmpty)], [.. _left]));
                _changed = false;
                Volatile.Write(ref _problem, null);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                string problem = $"What ports counted cannot be written down: {e.Message}";
                if (problem != _problem)
                {
                    LogNotWritten(log, problem);
                    Volatile.Write(ref _problem, problem);
                }

                return false;
            }
        }
    }

    private void Arrive(PortItem port)
    {
        // Where it is, else where it just left (it changed its network, or the kernel has not let go of it), else of the run before.
        bool isKnown = _ports.TryGetValue(port.Name, out BookedPort? known) || _leaving.Remove(port.Name, out known) || _former.Remove(port.Name, out known);

        // Another number is another port, of the same name.
        _ports[port.Name] = isKnown && known!.Number == port.Number ? known : new BookedPort(port.Number, PortCounters.None(port.Name), []);
    }

    private void Leave(PortItem port)
    {
        if (_ports.Remove(port.Name, out BookedPort? known))
        {
            _leaving[port.Name] = known;
        }
    }

    private Func<uint, PortCounters> Reading()
    {
        var traffic = dataplane.ReadTraffic().ToDictionary(static t => t.PortId);
        var verdicts = dataplane.ReadCounters().ToLookup(static c => c.PortId);
        return number =>
        {
            Datapath.Reading.PortTraffic t = traffic.GetValueOrDefault(number);
            return new PortCounters(
                string.Empty, string.Empty, t.FromVmPackets, t.FromVmBytes, t.ToVmPackets, t.ToVmBytes,
                [.. verdicts[number].Where(static c => c.Packets > 0).Select(static c => new VerdictTotal(c.Verdict.ToString(), c.Packets, c.Bytes))]);
        };
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What port {Port} counted here goes with it")]
    private static partial void LogLeft(ILogger log, string port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogNotWritten(ILogger log, string problem);
}

/// <summary>A port of this host.</summary>
/// <param name="Number">Key of its counters in the kernel.</param>
/// <param name="Before">What it had counted before the kernel's counters of now began.</param>
/// <param name="Taken">Identifiers of what was handed to it lately.</param>
internal sealed record BookedPort(uint Number, PortCounters Before, ImmutableArray<string> Taken);

/// <summary>What is written down.</summary>
internal sealed record CounterFile(ImmutableArray<BookedPort> Ports, ImmutableArray<PortCounters> Left)
{
    /// <summary>The format this build writes, and the only one it reads.</summary>
    public const int KnownFormat = 1;

    public static CounterFile Empty { get; } = new([], []);

    /// <summary>Absent in what the first version wrote.</summary>
    public int Format { get; init; } = KnownFormat;
}
