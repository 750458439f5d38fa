using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Namespaces;

namespace Hnv.Bench.Traffic;

/// <summary>keepalived in both VMs of a site, and a client that sends to the shared addresses all the time. Whoever dies comes back as the other's backup.</summary>
internal sealed class FailoverPair : IAsyncDisposable
{
    public const string Lost = "lost behind the first";
    private static readonly (string Name, IPAddress Address)[] s_families = [("IPv4", FailoverSite.Shared4), ("IPv6", FailoverSite.Shared6)];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly FailoverSite _site;
    private readonly State _state;

    private FailoverPair(FailoverSite site, State state)
    {
        _site = site;
        _state = state;
    }

    public static async Task<FailoverPair> StartAsync(FailoverSite site, CancellationToken cancellationToken)
    {
        var pair = new FailoverPair(site, new State());
        try
        {
            foreach (string vm in FailoverSite.Pair)
            {
                await site.ReviveAsync(vm, cancellationToken);
                pair._state.Daemons.Add(vm, new Keepalived(site.NamespaceOf(vm)));
            }

            pair._state.Open.AddRange(FailoverSite.Pair.SelectMany(vm => s_families.Select(f => Listen(site.NamespaceOf(vm), f.Address.AddressFamily))));
            pair._state.Open.AddRange(s_families.Select(f => new DatagramSender(site.NamespaceOf(FailoverSite.Client), f.Address)));
            pair._state.Daemons[pair._state.Serving].Start();
            await pair.SettleAsync(cancellationToken);
            await pair.StandByAsync(cancellationToken);
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same VMs on the same site, which is treated otherwise.</summary>
    public FailoverPair On(FailoverSite site) => new(site, _state);

    /// <summary>Lets the VM die that serves, waits until the other one does, and brings the dead one back.</summary>
    /// <param name="share">Name of the quantity that is the network's.</param>
    public async Task<IReadOnlyList<Reading>> MeasureAsync(Death death, string share, CancellationToken cancellationToken)
    {
        while (true)
        {
            await SettleAsync(cancellationToken);
            await _site.LeaveAloneAsync(cancellationToken);
            (string dying, string heir) = (_state.Serving, _state.StandingBy);
            await Task.Delay(Random.Shared.Next((int)(1000 * Keepalived.Interval)), cancellationToken); // Anywhere between two advertisements.
            TakeoverWatch[] watches = Watch(heir);
            try
            {
                DateTime died = DateTime.UtcNow;
                _site.Kill(dying, death);
                await _state.Daemons[dying].KillAsync();
                await TakesOverAsync(heir, watches, cancellationToken);
                await _site.ReviveAsync(dying, cancellationToken);
                _state.Serving = heir;
                await StandByAsync(cancellationToken);
                if (Array.TrueForAll(watches, w => w.Claimed > died))
                {
                    return ReadingsOf(died, share, watches);
                }
            }
            finally
            {
                Array.ForEach(watches, static w => w.Dispose());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _state.Open.ForEach(static o => o.Dispose());

        foreach (Keepalived daemon in _state.Daemons.Values)
        {
            await daemon.DisposeAsync();
        }
    }

    private static IReadOnlyList<Reading> ReadingsOf(DateTime died, string share, TakeoverWatch[] watches) =>
    [
        .. s_families.Zip(watches).SelectMany(f => (Reading[])
        [
            new Reading($"{share}, {f.First.Name}", "ms", (f.Second.Reached!.Value - f.Second.Claimed!.Value).TotalMilliseconds),
            new Reading($"keepalived's time-out, {f.First.Name}", "ms", (f.Second.Claimed!.Value - died).TotalMilliseconds),
        ]),
        new Reading(Lost, "datagrams", watches.Sum(static w => w.Missing)),
    ];

    /// <summary>Waits until the heir is reached in both families, and then goes on to be.</summary>
    private async Task TakesOverAsync(string heir, TakeoverWatch[] watches, CancellationToken cancellationToken)
    {
        await UntilAsync(() => Array.TrueForAll(watches, static w => w.Reached is not null), () => $"no datagram reaches {heir} after the other one died\n{_state.Daemons[heir].Log}", cancellationToken);
        int some = watches.Max(static w => w.Received) + 300;
        await UntilAsync(() => Array.TrueForAll(watches, w => w.Received >= some), () => $"{heir} is not reached any more", cancellationToken);
    }

    private static async Task UntilAsync(Func<bool> condition, Func<string> otherwise, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                throw new BenchException(otherwise());
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>Somebody must listen, or the VM would answer that nobody does. Nobody reads.</summary>
    private static Socket Listen(string netns, AddressFamily family)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        Socket socket = inside.Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, DatagramSender.Port));
        return socket;
    }

    /// <summary>Waits until one of both serves, in both families: on a busy machine the other one may have taken over without need.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (string vm in FailoverSite.Pair)
            {
                if (await ServesAsync(vm, cancellationToken))
                {
                    _state.Serving = vm;
                    return;
                }
            }

            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                throw new BenchException($"Neither VM is reached at the shared addresses.\n{string.Join('\n', _state.Daemons.Values.Select(static d => d.Log))}");
            }
        }
    }

    /// <summary>Whether the VM gets nearly all that is sent for a while.</summary>
    private async Task<bool> ServesAsync(string vm, CancellationToken cancellationToken)
    {
        TakeoverWatch[] watches = Watch(vm);
        try
        {
            await Task.Delay(500, cancellationToken);
            return Array.TrueForAll(watches, static w => w.Received > 100);
        }
        finally
        {
            Array.ForEach(watches, static w => w.Dispose());
        }
    }

    private TakeoverWatch[] Watch(string vm) => [.. s_families.Select(f => new TakeoverWatch(_site.NamespaceOf(vm), FailoverSite.Adapter, f.Address))];

    private Task StandByAsync(CancellationToken cancellationToken)
    {
        Keepalived daemon = _state.Daemons[_state.StandingBy];
        daemon.Start();
        return UntilAsync(() => daemon.IsBackup, () => $"keepalived in {_state.StandingBy} does not begin\n{daemon.Log}", cancellationToken);
    }

    private sealed class State
    {
        public Dictionary<string, Keepalived> Daemons { get; } = new(StringComparer.Ordinal);

        public List<IDisposable> Open { get; } = [];

        public string Serving { get; set; } = FailoverSite.Pair[0];

        public string StandingBy => FailoverSite.Pair.First(vm => vm != Serving);
    }
}
