using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hnv.Api.Stream;

namespace Hnv.Bench.Topology;

/// <summary>
/// The policy streams of many hosts, read by one thread as fast as they come and not understood: every address in a message about learned ones is
/// counted, and the time noted at which a host saw it last. Parsing would measure this side. What is counted stands in a file, so that whoever measures
/// can be another process.
/// </summary>
public static class StreamReceivers
{
    private const int BufferSize = 256 * 1024;
    private static readonly byte[] s_entry = Encoding.ASCII.GetBytes("\"address\":");

    /// <summary>Reads until the input ends, or the controller closes a stream.</summary>
    /// <param name="port">Of the controller, on loopback.</param>
    /// <param name="hosts">Names; their places in the file follow their order.</param>
    /// <param name="file">Made before, with room for all: see <see cref="ReceiverCounts"/>.</param>
    /// <param name="stop">Ends when whoever measures does.</param>
    public static void Run(int port, IReadOnlyList<string> hosts, string file, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        using var counts = new ReceiverCounts(file, hosts.Count);
        List<Receiver> receivers = [];
        try
        {
            foreach ((int i, string host) in hosts.Index())
            {
                receivers.Add(new Receiver(Connect(port, host), i));
            }

            Dictionary<Socket, Receiver> bySocket = receivers.ToDictionary(static r => r.Socket);
            byte[] buffer = new byte[BufferSize];
            List<Socket> ready = [];
            while (!stop.IsCancellationRequested)
            {
                ready.Clear();
                ready.AddRange(bySocket.Keys);
                Socket.Select(ready, null, null, TimeSpan.FromMilliseconds(100));
                foreach (Socket socket in ready)
                {
                    if (!Read(bySocket[socket], buffer, counts))
                    {
                        return;
                    }
                }
            }
        }
        finally
        {
            receivers.ForEach(static r => r.Socket.Dispose());
        }
    }

    private static Socket Connect(int port, string host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        socket.Send(Encoding.ASCII.GetBytes($"GET /api/v1/hosts/{host}/policy?protocol={PolicyProtocol.Version} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
        socket.Blocking = false;
        return socket;
    }

    /// <returns>False when the controller closed the stream.</returns>
    private static bool Read(Receiver receiver, byte[] buffer, ReceiverCounts counts)
    {
        receiver.Kept.CopyTo(buffer.AsSpan());
        int kept = receiver.KeptLength;
        int read = receiver.Socket.Receive(buffer, kept, buffer.Length - kept, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
        {
            return true;
        }

        if (error != SocketError.Success || read == 0)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = buffer.AsSpan(0, kept + read);
        int found = bytes.Count(s_entry);
        if (found > 0)
        {
            counts.Add(receiver.Index, found, Stopwatch.GetTimestamp());
        }

        // An entry may be cut in two; one that is whole must not be counted again.
        receiver.Keep(bytes.EndsWith(s_entry) ? [] : bytes[^Math.Min(s_entry.Length - 1, bytes.Length)..]);
        return true;
    }

    private sealed class Receiver(Socket socket, int index)
    {
        private readonly byte[] _kept = new byte[s_entry.Length];

        public Socket Socket => socket;

        public int Index => index;

        public int KeptLength { get; private set; }

        public ReadOnlySpan<byte> Kept => _kept.AsSpan(0, KeptLength);

        public void Keep(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_kept);
            KeptLength = bytes.Length;
        }
    }
}

/// <summary>
/// What receivers counted, in a file that two processes map: entries of all hosts together, then of each host its entries and when it got the last
/// (<see cref="Stopwatch"/> time), eight bytes each. One writer.
/// </summary>
internal sealed class ReceiverCounts : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _hosts;

    public ReceiverCounts(string file, int hosts)
    {
        _hosts = hosts;
        _map = MemoryMappedFile.CreateFromFile(file, FileMode.OpenOrCreate, null, sizeof(long) * (1 + (2L * hosts)));
        _view = _map.CreateViewAccessor();
    }

    /// <summary>Entries that all hosts together were told.</summary>
    public long Entries => _view.ReadInt64(0);

    /// <summary>When each host was told something last; 0: never.</summary>
    public IEnumerable<long> Times => Enumerable.Range(0, _hosts).Select(i => _view.ReadInt64(sizeof(long) * (2 + (2 * i))));

    public void Add(int host, int entries, long at)
    {
        int place = sizeof(long) * (1 + (2 * host));
        _view.Write(place, _view.ReadInt64(place) + entries);
        _view.Write(place + sizeof(long), at);
        _view.Write(0, _view.ReadInt64(0) + entries); // Last: who sees it finds the times.
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
