using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hnv.Api.Stream;

namespace Hnv.Bench.Topology;

/// <summary>
/// The policy streams of many hosts, read as fast as they come and not understood: every address in a message about learned ones is
/// counted, and the time noted at which a host saw it. Parsing would measure this side.
/// </summary>
internal sealed class SimulatedHosts : IAsyncDisposable
{
    private static readonly byte[] s_entry = Encoding.ASCII.GetBytes("\"address\":");
    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _readers = [];
    private long _entries;

    /// <summary>Entries that all hosts together were told.</summary>
    public long Entries => Interlocked.Read(ref _entries);

    /// <summary>Where the times of entries go while they are wanted: timestamps, one for each read that brought any.</summary>
    public ConcurrentBag<long>? Times { get; set; }

    public static async Task<SimulatedHosts> ConnectAsync(Uri controller, IEnumerable<string> hosts, CancellationToken cancellationToken)
    {
        var all = new SimulatedHosts();
        foreach (string host in hosts)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            all._sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, controller.Port, cancellationToken);
            string request = $"GET /api/v1/hosts/{host}/policy?protocol={PolicyProtocol.Version} HTTP/1.1\r\nHost: localhost:{controller.Port}\r\n\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
            all._readers.Add(Task.Run(() => all.ReadAsync(socket), CancellationToken.None));
        }

        return all;
    }

    /// <summary>Waits until that many entries came in all.</summary>
    /// <exception cref="BenchException">They did not.</exception>
    public async Task UntilAsync(long entries, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (Entries < entries)
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new BenchException($"Only {Entries} of {entries} entries came within {patience.TotalSeconds} s.");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _sockets.ForEach(static s => s.Dispose());
        await Task.WhenAll(_readers);
        _stop.Dispose();
    }

    private async Task ReadAsync(Socket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        int kept = 0;
        try
        {
            while (true)
            {
                int read = await socket.ReceiveAsync(buffer.AsMemory(kept), _stop.Token);
                if (read == 0)
                {
                    return;
                }

                int length = kept + read;
                int found = buffer.AsSpan(0, length).Count(s_entry);
                if (found > 0)
                {
                    Interlocked.Add(ref _entries, found);
                    Times?.Add(Stopwatch.GetTimestamp());
                }

                // An entry may be cut in two; one that is whole must not be counted again.
                kept = Math.Min(s_entry.Length - 1, length);
                if (buffer.AsSpan(0, length).EndsWith(s_entry))
                {
                    kept = 0;
                }

                buffer.AsSpan(length - kept, kept).CopyTo(buffer);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The benchmark ends.
        }
    }
}
