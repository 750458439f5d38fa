using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Bpf;
using Hnv.Linux.Packets;

namespace Hnv.Bench.Traffic;

/// <summary>
/// Small UDP packets from one thread per core of the sending VM, counted and dropped where they enter the receiving VM
/// (<c>bench/bpf/sink.bpf.c</c>).
/// </summary>
internal sealed class PacketFlood : IDisposable
{
    public const string PacketRate = "packets";
    public const string ProcessorTime = "CPU";

    private const int DiscardPort = 9;

    /// <summary>With Ethernet, IP and UDP headers a frame of 64 bytes without its check sequence.</summary>
    private static int PayloadFor(IPAddress address) => 64 - 14 - (address.AddressFamily == AddressFamily.InterNetworkV6 ? 40 : 20) - 8;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(200);

    private readonly TwoHosts _hosts;
    private readonly BpfMap _received;

    public PacketFlood(TwoHosts hosts)
    {
        _hosts = hosts;
        using BpfObject sink = BenchPrograms.Open("sink");
        sink.AttachToIngress(hosts.Receiver, TwoHosts.Adapter);
        _received = sink.OpenMap("received");
    }

    /// <param name="destinations">Taken in turn by every thread, each beginning elsewhere.</param>
    /// <returns>Million packets per second that reached the receiving VM, and the whole machine's CPU microseconds for each.</returns>
    /// <exception cref="BenchException">Nothing arrived.</exception>
    public async Task<IReadOnlyList<Reading>> MeasureAsync(IReadOnlyList<IPAddress> destinations, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] senders = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(i => Task.Factory.StartNew(
            () => Send([.. destinations.Skip(i * destinations.Count / Environment.ProcessorCount), .. destinations.Take(i * destinations.Count / Environment.ProcessorCount)], stop.Token),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            await Task.Delay(s_warmUp, cancellationToken);
            await WaitForFirstAsync(senders, cancellationToken);
            (ulong before, CpuMeter busyBefore, long start) = (Received(), CpuMeter.Read(), Stopwatch.GetTimestamp());
            await Task.Delay(duration, cancellationToken);
            (ulong after, CpuMeter busyAfter, TimeSpan elapsed) = (Received(), CpuMeter.Read(), Stopwatch.GetElapsedTime(start));
            double packets = after - before;
            return packets > 0
                ? [new Reading(PacketRate, "Mpps", packets / elapsed.TotalSeconds / 1e6), new Reading(ProcessorTime, "µs/packet", CpuMeter.BusyBetween(busyBefore, busyAfter) * 1e6 / packets)]
                : throw new BenchException($"No packet of the flood reached {_hosts.Receiver.Name}.");
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(senders);
        }
    }

    public void Dispose() => _received.Dispose();

    /// <summary>A list of many addresses takes its time to be made ready.</summary>
    private async Task WaitForFirstAsync(Task[] senders, CancellationToken cancellationToken)
    {
        ulong first = Received();
        var start = Stopwatch.GetTimestamp();
        while (Received() == first && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10) && senders.All(sender => !sender.IsFaulted))
        {
            await Task.Delay(20, cancellationToken);
        }
    }

    private void Send(IPAddress[] destinations, CancellationToken cancellationToken)
    {
        using var burst = new DatagramBurst(_hosts.Sender.Inside, destinations, DiscardPort, PayloadFor(destinations[0]));
        while (!cancellationToken.IsCancellationRequested)
        {
            burst.Send();
        }
    }

    private ulong Received() => _received.LookupPerCpu<uint, ulong>(0)!.Aggregate(0UL, (sum, count) => sum + count);
}
