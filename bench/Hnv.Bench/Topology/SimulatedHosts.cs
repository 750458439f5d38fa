using System.Diagnostics;
using System.Globalization;

namespace Hnv.Bench.Topology;

/// <summary>Hosts whose streams a process of their own reads (<see cref="StreamReceivers"/>), so that nothing here waits for them.</summary>
internal sealed class SimulatedHosts : IAsyncDisposable
{
    private readonly string _file = Path.Combine("/dev/shm", $"{TopologyNames.Next()}-receivers");
    private readonly ReceiverCounts _counts;
    private readonly Process _process;

    /// <param name="executable">The <c>hnv</c> program.</param>
    public SimulatedHosts(string executable, int controllerPort, IReadOnlyCollection<string> hosts)
    {
        _counts = new ReceiverCounts(_file, hosts.Count);
        _process = Process.Start(new ProcessStartInfo(executable, ["bench", "receivers", controllerPort.ToString(CultureInfo.InvariantCulture), _file, .. hosts])
        {
            RedirectStandardInput = true,
            UseShellExecute = false,
        })!;
    }

    /// <summary>Entries that all hosts together were told.</summary>
    public long Entries => _counts.Entries;

    /// <summary>When each host was told something last, <see cref="Stopwatch"/> time; 0: never.</summary>
    public IEnumerable<long> Times => _counts.Times;

    /// <summary>Waits until that many entries came in all.</summary>
    /// <exception cref="BenchException">They did not.</exception>
    public async Task UntilAsync(long entries, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (Entries < entries)
        {
            if (_process.HasExited)
            {
                throw new BenchException("The receivers ended: the controller closed a stream.");
            }

            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new BenchException($"Only {Entries} of {entries} entries came within {patience.TotalSeconds} s.");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close(); // It ends with its input.
        await _process.WaitForExitAsync();
        _process.Dispose();
        _counts.Dispose();
        File.Delete(_file);
    }
}
