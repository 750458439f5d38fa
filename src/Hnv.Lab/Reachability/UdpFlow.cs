using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Reachability;

/// <summary>A thousand numbered datagrams a second from one VM to another: what is lost, and for how long nothing comes.</summary>
public sealed class UdpFlow : IDisposable
{
    private const int Length = 64;
    private const int SocketLevel = 1, ReceiveBufferForce = 33; // SOL_SOCKET, SO_RCVBUFFORCE
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_drain = TimeSpan.FromMilliseconds(300);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly Task _sending;
    private readonly Task _receiving;
    private readonly List<long> _sent = [];
    private readonly Dictionary<int, long> _arrived = [];
    private volatile bool _stopSending;
    private volatile bool _stopReceiving;
    private int _arrivals;

    private UdpFlow(LabVm from, LabVm to, IPAddress address)
    {
        Name = $"{from.Name} → {to.Name}";
        _receiver = Open(to, address.AddressFamily);
        _receiver.SetRawSocketOption(SocketLevel, ReceiveBufferForce, BitConverter.GetBytes(8 << 20));
        _receiver.ReceiveTimeout = 50;
        _receiver.Bind(new IPEndPoint(address, 0));
        _sender = Open(from, address.AddressFamily);
        _sender.Connect(_receiver.LocalEndPoint!);
        _receiving = Task.Factory.StartNew(Receive, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _sending = Task.Factory.StartNew(Send, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Who sends to whom.</summary>
    public string Name { get; }

    /// <summary>Starts a flow, and waits until it flows.</summary>
    /// <exception cref="LabException">Nothing arrives.</exception>
    public static async Task<UdpFlow> StartAsync(LabVm from, LabVm to, IPAddress address, CancellationToken cancellationToken = default)
    {
        var flow = new UdpFlow(from, to, address);
        try
        {
            await flow.GoOnAsync(100, TimeSpan.FromSeconds(20), cancellationToken);
            return flow;
        }
        catch
        {
            flow.Dispose();
            throw;
        }
    }

    /// <summary>Waits until further datagrams arrived.</summary>
    /// <exception cref="LabException">They do not in time.</exception>
    public async Task GoOnAsync(int datagrams, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        long since = Stopwatch.GetTimestamp();
        for (int goal = Volatile.Read(ref _arrivals) + datagrams; Volatile.Read(ref _arrivals) < goal;)
        {
            if (Stopwatch.GetElapsedTime(since) > patience)
            {
                throw new LabException($"{Name}: no traffic arrives.");
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Stops, and says what happened since <paramref name="moment"/> (<see cref="Stopwatch"/> time).</summary>
    public async Task<UdpFlowResult> StopAsync(long moment, CancellationToken cancellationToken = default)
    {
        _stopSending = true;
        await _sending.WaitAsync(cancellationToken);
        await Task.Delay(s_drain, cancellationToken);
        _stopReceiving = true;
        await _receiving.WaitAsync(cancellationToken);

        ImmutableArray<double> lost = [.. _sent.Index().Where(s => !_arrived.ContainsKey(s.Index)).Select(s => Milliseconds(moment, s.Item))];
        long[] times = [.. _arrived.Values.Order()];
        double before = 0, after = 0;
        for (int i = 1; i < times.Length; i++)
        {
            // A gap belongs to what came after it.
            ref double longest = ref (times[i] < moment ? ref before : ref after);
            longest = Math.Max(longest, Milliseconds(times[i - 1], times[i]));
        }

        return new UdpFlowResult(Name, _sent.Count, lost, after, before, Outage());
    }

    public void Dispose()
    {
        _stopSending = true;
        _stopReceiving = true;
        Task.WaitAll([_sending, _receiving], TimeSpan.FromSeconds(5));
        _sender.Dispose();
        _receiver.Dispose();
    }

    /// <summary>From the last datagram that arrived to the next that did, by when they were sent, where some between them were lost.</summary>
    private double Outage()
    {
        double longest = 0;
        int last = -1;
        for (int i = 0; i < _sent.Count; i++)
        {
            if (_arrived.ContainsKey(i))
            {
                longest = last >= 0 && i - last > 1 ? Math.Max(longest, Milliseconds(_sent[last], _sent[i])) : longest;
                last = i;
            }
        }

        return longest;
    }

    private static double Milliseconds(long from, long to) => (to - from) * 1000.0 / Stopwatch.Frequency;

    private void Send()
    {
        byte[] datagram = new byte[Length];
        long next = Stopwatch.GetTimestamp();
        while (!_stopSending)
        {
            BinaryPrimitives.WriteInt32BigEndian(datagram, _sent.Count);
            _sent.Add(Stopwatch.GetTimestamp());
            try
            {
                _sender.Send(datagram);
            }
            catch (SocketException)
            {
                // The cable is out, or an ICMP error came back: this one is lost.
            }

            next += s_interval.Ticks * Stopwatch.Frequency / TimeSpan.TicksPerSecond;
            long left = next - Stopwatch.GetTimestamp();
            if (left > 0)
            {
                Thread.Sleep(TimeSpan.FromTicks(left * TimeSpan.TicksPerSecond / Stopwatch.Frequency));
            }
            else
            {
                next -= left; // What the processor was late is not caught up with a burst.
            }
        }
    }

    private void Receive()
    {
        byte[] buffer = new byte[Length * 2];
        while (!_stopReceiving)
        {
            try
            {
                if (_receiver.Receive(buffer) == Length)
                {
                    _arrived.TryAdd(BinaryPrimitives.ReadInt32BigEndian(buffer), Stopwatch.GetTimestamp());
                    Volatile.Write(ref _arrivals, _arrived.Count);
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Nothing came for a while.
            }
        }
    }

    private static Socket Open(LabVm vm, AddressFamily family)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(vm.Namespace);
        return inside.Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));
    }
}

/// <summary>What became of a flow.</summary>
/// <param name="Flow">Who sent to whom.</param>
/// <param name="LostAtMs">When each datagram was sent that did not arrive, in milliseconds since the moment that was asked for.</param>
/// <param name="BlackOutMs">The longest time between two arrivals of which the second came after that moment.</param>
/// <param name="OutageMs">
/// The longest time between two datagrams, by when they were sent, that arrived while those between them did not; 0 when none was lost. Unlike the
/// silence it does not grow when the machine lets sender or receiver wait.
/// </param>
/// <param name="BeforeMs">The longest time between two arrivals before it: what the machine itself does.</param>
public sealed record UdpFlowResult(string Flow, int Sent, ImmutableArray<double> LostAtMs, double BlackOutMs, double BeforeMs, double OutageMs);
