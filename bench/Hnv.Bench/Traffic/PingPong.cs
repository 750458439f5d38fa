using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;

namespace Hnv.Bench.Traffic;

/// <summary>One byte to and fro over a TCP connection between the VMs, as fast as answers come.</summary>
internal static class PingPong
{
    public const string Middle = "round trip, median";
    public const string Tail = "round trip, 99 %";

    private const int Port = 5001;
    private const int Warm = 200;

    /// <returns>Microseconds.</returns>
    public static async Task<IReadOnlyList<Reading>> MeasureAsync(TwoHosts hosts, TimeSpan duration, CancellationToken cancellationToken)
    {
        using Socket listener = hosts.Receiver.Inside.Run(() => NewSocket(hosts));
        listener.Bind(new IPEndPoint(hosts.ReceiverAddress, Port));
        listener.Listen(1);
        using Socket client = hosts.Sender.Inside.Run(() => NewSocket(hosts));
        Task answering = Task.Factory.StartNew(() => Answer(listener), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        double[] microseconds = await Task.Factory.StartNew(
            () => Ask(client, new IPEndPoint(hosts.ReceiverAddress, Port), duration, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        client.Close();
        await answering;
        return
        [
            new Reading(Middle, "µs", Statistics.Median(microseconds)),
            new Reading(Tail, "µs", Statistics.Percentile(microseconds, 0.99)),
        ];
    }

    private static Socket NewSocket(TwoHosts hosts) => new(hosts.ReceiverAddress.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static void Answer(Socket listener)
    {
        using Socket connection = listener.Accept();
        connection.NoDelay = true;
        byte[] buffer = new byte[1];
        while (connection.Receive(buffer) > 0)
        {
            connection.Send(buffer);
        }
    }

    private static double[] Ask(Socket client, IPEndPoint server, TimeSpan duration, CancellationToken cancellationToken)
    {
        client.Connect(server);
        client.ReceiveTimeout = 5000;
        List<double> microseconds = [];
        byte[] buffer = new byte[1];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; (microseconds.Count == 0 || Stopwatch.GetElapsedTime(start) < duration) && !cancellationToken.IsCancellationRequested; i++)
        {
            long asked = Stopwatch.GetTimestamp();
            client.Send(buffer);
            client.Receive(buffer);
            if (i >= Warm)
            {
                microseconds.Add(Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return [.. microseconds];
    }
}
