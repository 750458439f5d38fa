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
            await pair.ServesAsync(cancellationToken);
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
    public async Task<IReadOnlyList<Reading>> MeasureAsync(Death death, string share, TimeSpan patience, CancellationToken cancellationToken)
    {
        await ServesAsync(cancellationToken);
        await _site.LeaveAloneAsync(cancellationToken);
        (string dying, string heir) = (_state.Serving, _state.StandingBy);
        await Task.Delay(Random.Shared.Next((int)(1000 * Keepalived.Interval)), cancellationToken); // Anywhere between two advertisements.
        List<TakeoverWatch> watches = [.. s_families.Select(f => new TakeoverWatch(_site.NamespaceOf(heir), FailoverSite.Adapter, f.Address))];
        try
        {
            DateTime died = DateTime.UtcNow;
            _site.Kill(dying, death);
            await _state.Daemons[dying].KillAsync();
            await UntilAsync(() => watches.TrueForAll(static w => w.Reached is not null), patience, () => $"no datagram reaches {heir} after {dying} died\n{_state.Daemons[heir].Log}", cancellationToken);
            int some = watches.Max(static w => w.Received) + 300;
            await UntilAsync(() => watches.TrueForAll(w => w.Received >= some), patience, () => $"{heir} is not served any more", cancellationToken);
            _state.Serving = heir;
            List<Reading> readings = [];
            foreach (((string family, _), TakeoverWatch watch) in s_families.Zip(watches))
            {
                DateTime claimed = watch.Claimed is { } at && at > died ? at : throw new BenchException($"{heir} took {family} over before {dying} died\n{_state.Daemons[heir].Log}");
                readings.Add(new Reading($"{share}, {family}", "ms", (watch.Reached!.Value - claimed).TotalMilliseconds));
                readings.Add(new Reading($"keepalived's time-out, {family}", "ms", (claimed - died).TotalMilliseconds));
            }

            readings.Add(new Reading(Lost, "datagrams", watches.Sum(static w => w.Missing)));
            await _site.ReviveAsync(dying, cancellationToken);
            await StandByAsync(cancellationToken);
            return readings;
        }
        finally
        {
            watches.ForEach(static w => w.Dispose());
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

    private static async Task UntilAsync(Func<bool> condition, TimeSpan patience, Func<string> otherwise, CancellationToken cancellationToken)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > patience)
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

    /// <summary>Waits until traffic reaches the VM that serves, in both families.</summary>
    private async Task ServesAsync(CancellationToken cancellationToken)
    {
        foreach ((string family, IPAddress address) in s_families)
        {
            using var watch = new TakeoverWatch(_site.NamespaceOf(_state.Serving), FailoverSite.Adapter, address);
            await UntilAsync(
                () => watch.Received > 200, TimeSpan.FromSeconds(30), () => $"no {family} datagram reaches {_state.Serving}\n{_state.Daemons[_state.Serving].Log}", cancellationToken);
        }
    }

    private Task StandByAsync(CancellationToken cancellationToken)
    {
        Keepalived daemon = _state.Daemons[_state.StandingBy];
        daemon.Start();
        return UntilAsync(() => daemon.IsBackup, TimeSpan.FromSeconds(30), () => $"keepalived in {_state.StandingBy} does not begin\n{daemon.Log}", cancellationToken);
    }

    private sealed class State
    {
        public Dictionary<string, Keepalived> Daemons { get; } = new(StringComparer.Ordinal);

        public List<IDisposable> Open { get; } = [];

        public string Serving { get; set; } = FailoverSite.Pair[0];

        public string StandingBy => FailoverSite.Pair.First(vm => vm != Serving);
    }
}
