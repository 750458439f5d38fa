using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;

namespace Hnv.Bench.Traffic;

/// <summary>
/// One TCP connection from the sending VM to the receiving one, by iperf3. Its congestion control is cubic: bbr, where it is the
/// default, paces by what it believes, and says little about a data plane.
/// </summary>
internal static class TcpStream
{
    public const string Throughput = "throughput";
    public const string ProcessorTime = "CPU";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <returns>Gb/s that the receiver got, and the whole machine's CPU seconds for every GB of it.</returns>
    /// <exception cref="BenchException">Nothing passed, or iperf3 failed.</exception>
    public static async Task<IReadOnlyList<Reading>> MeasureAsync(TwoHosts hosts, TimeSpan duration, CancellationToken cancellationToken)
    {
        string address = hosts.ReceiverAddress.ToString();
        using Process server = hosts.Receiver.Inside.Start(Command("-s", "-1", "-B", address, "--forceflush"));
        try
        {
            await WaitUntilListeningAsync(server, cancellationToken);
            CpuMeter before = CpuMeter.Read();
            using Process client = hosts.Sender.Inside.Start(
                Command(["-c", address, "-C", "cubic", "-J", .. Length(duration)]));
            string output = await EndOfAsync(client, duration + s_patience, cancellationToken);
            CpuMeter after = CpuMeter.Read();
            (double bits, double bytes) = Received(output);
            return
            [
                new Reading(Throughput, "Gb/s", bits / 1e9),
                new Reading(ProcessorTime, "s/GB", CpuMeter.BusyBetween(before, after) / (bytes / 1e9)),
            ];
        }
        finally
        {
            Stop(server);
        }
    }

    /// <summary>iperf3 knows whole seconds; what is shorter is a volume that takes that long at 8 Gb/s.</summary>
    private static string[] Length(TimeSpan duration) => duration.TotalSeconds >= 1
        ? ["-t", ((int)duration.TotalSeconds).ToString(CultureInfo.InvariantCulture)]
        : ["-n", ((long)(duration.TotalSeconds * 1e9)).ToString(CultureInfo.InvariantCulture)];

    private static ProcessStartInfo Command(params string[] arguments) =>
        new("iperf3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };

    private static async Task WaitUntilListeningAsync(Process server, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(s_patience);
        while (await server.StandardOutput.ReadLineAsync(time.Token) is { } line)
        {
            if (line.Contains("listening", StringComparison.Ordinal))
            {
                // Read on, so that a full pipe does not stop the server.
                _ = server.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }

        throw new BenchException($"iperf3 does not listen: {await server.StandardError.ReadToEndAsync(cancellationToken)}");
    }

    private static async Task<string> EndOfAsync(Process client, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(patience);
        try
        {
            string output = await client.StandardOutput.ReadToEndAsync(time.Token);
            await client.WaitForExitAsync(time.Token);
            return output;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"iperf3 did not end within {patience.TotalSeconds} s.");
        }
        finally
        {
            Stop(client);
        }
    }

    private static (double BitsPerSecond, double Bytes) Received(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.TryGetProperty("error", out JsonElement error))
        {
            throw new BenchException($"iperf3: {error.GetString()}");
        }

        JsonElement received = document.RootElement.GetProperty("end").GetProperty("sum_received");
        double bytes = received.GetProperty("bytes").GetDouble();
        return bytes > 0 ? (received.GetProperty("bits_per_second").GetDouble(), bytes) : throw new BenchException("No byte of the TCP stream arrived.");
    }

    private static void Stop(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
    }
}
