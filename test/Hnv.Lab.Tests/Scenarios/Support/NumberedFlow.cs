using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>
/// Numbered datagrams from one VM to another until stopped: tells which of them got lost, and which came twice.
/// </summary>
internal sealed class NumberedFlow : IAsyncDisposable
{
    private const int SocketLevel = 1, ReceiveBufferForce = 33; // SOL_SOCKET, SO_RCVBUFFORCE
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(4);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly string _name;
    private readonly CancellationTokenSource _stopSending = new();
    private readonly CancellationTokenSource _stopReceiving = new();
    private readonly Task _sending;
    private readonly Task _receiving;
    private readonly HashSet<long> _received = [];
    private readonly Lock _lock = new();
    private long _sent;
    private long _twice;

    private NumberedFlow(LabVm from, LabVm to, IPAddress address)
    {
        _name = $"{from.Name} → {to.Name} ({address})";
        _receiver = Open(to, address.AddressFamily);
        // A reader that is kept off the processor for seconds must not lose a datagram in its own buffer.
        _receiver.SetRawSocketOption(SocketLevel, ReceiveBufferForce, BitConverter.GetBytes(8 << 20));
        _receiver.Bind(new IPEndPoint(address, 0));
        _sender = Open(from, address.AddressFamily);
        _receiving = Task.Run(ReceiveAsync);
        _sending = Task.Run(() => SendAsync(_receiver.LocalEndPoint!));
    }

    private long Arrived
    {
        get
        {
            lock (_lock)
            {
                return _received.Count;
            }
        }
    }

    /// <summary>Starts a flow, and waits until it flows.</summary>
    public static async Task<NumberedFlow> StartAsync(LabVm from, LabVm to, IPAddress address)
    {
        Assert.True(await from.CanPingAsync(address, tries: 10), $"{from.Name} does not reach {address}.");
        var flow = new NumberedFlow(from, to, address);
        await flow.GoOnAsync();
        return flow;
    }

    /// <summary>Starts flows both ways, IPv4 and IPv6.</summary>
    public static async Task<ImmutableArray<NumberedFlow>> StartAllAsync(LabVm one, LabVm other) =>
    [
        await StartAsync(one, other, other.Address4), await StartAsync(other, one, one.Address4),
        await StartAsync(one, other, other.Address6), await StartAsync(other, one, one.Address6),
    ];

    /// <summary>Waits until all flows have brought further datagrams, so that something was under way between two steps of a test.</summary>
    public static Task GoOnAsync(IEnumerable<NumberedFlow> flows, int datagrams = 20) => Task.WhenAll(flows.Select(f => f.GoOnAsync(datagrams)));

    /// <summary>Stops all flows; none lost or doubled anything.</summary>
    public static async Task AssertNothingLostAsync(IReadOnlyCollection<NumberedFlow> flows)
    {
        foreach (NumberedFlow flow in flows)
        {
            await flow._stopSending.CancelAsync();
        }

        foreach (NumberedFlow flow in flows)
        {
            await flow._sending;
            await flow.DrainAsync();
        }

        Assert.All(flows, f => Assert.True(f.Missing.Length == 0 && f._twice == 0,
            $"{f._name}: {f.Missing.Length} of {f._sent} lost ({string.Join(", ", f.Missing.Take(20))}), {f._twice} doubled"));
    }

    private long[] Missing
    {
        get
        {
            lock (_lock)
            {
                return [.. Range(_sent).Where(n => !_received.Contains(n))];
            }
        }
    }

    public async Task GoOnAsync(int datagrams = 20)
    {
        long goal = Arrived + datagrams;
        await Eventually.TrueAsync(() => Arrived >= goal || _sending.IsFaulted, $"{_name} goes on");
        if (_sending.IsFaulted)
        {
            await _sending;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopSending.CancelAsync();
        await _stopReceiving.CancelAsync();
        _sender.Dispose();
        _receiver.Dispose();
        await Task.WhenAll(_sending, _receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopSending.Dispose();
        _stopReceiving.Dispose();
    }

    private static IEnumerable<long> Range(long count)
    {
        for (long n = 0; n < count; n++)
        {
            yield return n;
        }
    }

    /// <summary>What was sent and is not there yet may still be in a queue: waits as long as more arrives, and a little.</summary>
    private async Task DrainAsync()
    {
        const int patience = 10_000; // milliseconds without news, after which the rest counts as lost
        long since = Stopwatch.GetTimestamp();
        for (long seen = Arrived; seen < _sent && Stopwatch.GetElapsedTime(since).TotalMilliseconds < patience;)
        {
            await Task.Delay(s_pause, TestContext.Current.CancellationToken);
            if (Arrived != seen)
            {
                seen = Arrived;
                since = Stopwatch.GetTimestamp();
            }
        }
    }

    private async Task SendAsync(EndPoint destination)
    {
        byte[] datagram = new byte[64];
        while (!_stopSending.IsCancellationRequested)
        {
            BinaryPrimitives.WriteInt64BigEndian(datagram, _sent);
            await _sender.SendToAsync(datagram, destination);
            _sent++;
            await Task.Delay(s_pause, CancellationToken.None);
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[128];
        try
        {
            while (true)
            {
                int length = await _receiver.ReceiveAsync(buffer, SocketFlags.None, _stopReceiving.Token);
                if (length == 64)
                {
                    lock (_lock)
                    {
                        _twice += _received.Add(BinaryPrimitives.ReadInt64BigEndian(buffer)) ? 0 : 1;
                    }
                }
            }
        }
        catch (Exception e) when (_stopReceiving.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private static Socket Open(LabVm vm, AddressFamily family)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(vm.Namespace);
        return inside.Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));
    }
}
