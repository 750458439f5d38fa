using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Model.Addressing;

namespace Hnv.Bench.Benchmarks;

/// <summary>What one host learned, through a controller process, to the streams of 500 hosts: single changes, bursts, and another tenant meanwhile.</summary>
internal sealed class LearnedBenchmark : IBenchmark
{
    private const int Hosts = 500;
    private const int Learners = 10;
    private const int Burst = 10_000;
    private const int Warm = 10;
    private const string Single = "one address, 500 hosts";
    private const string Bursts = "10 000 addresses, 500 hosts";
    private static readonly Guid s_loud = Guid.Parse("11111111-2222-3333-4444-00000000a001");
    private static readonly Guid s_quiet = Guid.Parse("11111111-2222-3333-4444-00000000a002");
    private static readonly string[] s_prefixes = ["10.0.0.0/8"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    public string Name => "learned";

    public string Title => "Learned addresses from one host to the streams of 500, single and in bursts, and another tenant's meanwhile";

    public string? SameInAllForms => "reports, streams and the kernel's map of records are what takes the time, and nothing is encapsulated";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        context.Progress("starting a controller");
        Uri address = new($"http://127.0.0.1:{FreePort()}");
        using Process controller = Process.Start(new ProcessStartInfo(Labs.Executable(context.Options), ["controller", "--store", "memory", "--listen", address.ToString().TrimEnd('/')])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> said = controller.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            BenchResult simulated = await RunAsync(context, address, controller, cancellationToken);
            BenchResult real = await LearnedAgents.RunAsync(context, cancellationToken);
            return simulated with { Series = simulated.Series.AddRange(real.Series), Aims = simulated.Aims.AddRange(real.Aims) };
        }
        finally
        {
            controller.Kill();
            await controller.WaitForExitAsync(CancellationToken.None);
            await said.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private static async Task<BenchResult> RunAsync(BenchContext context, Uri address, Process controller, CancellationToken cancellationToken)
    {
        using var client = new HnvClient(address.ToString().TrimEnd('/'));
        while (!await client.IsReadyAsync(cancellationToken))
        {
            await Task.Delay(100, cancellationToken);
        }

        context.Progress("applying two tenants on 500 hosts");
        await client.ApplyAsync(Cloud(), cancellationToken: cancellationToken);
        await using var hosts = new SimulatedHosts(Labs.Executable(context.Options), address.Port, [.. Enumerable.Range(1, Hosts).Select(static i => $"h{i}")]);
        Sender[] loud = [.. Enumerable.Range(1, Learners).Select(i => new Sender(client, $"h{i}", s_loud, 5001, $"loud/p{i}"))];
        var quiet = new Sender(client, $"h{Hosts}", s_quiet, 6001, "quiet/q1");
        foreach (Sender sender in loud.Append(quiet))
        {
            await sender.BeginAsync(cancellationToken);
        }

        // Streams attach behind their requests: what is told to all is told when all are there.
        int version = 1;
        await SettleAsync();
        context.Progress("single changes");
        List<double> single = [];
        int repetitions = Math.Max(20, context.Options.EffectiveRounds * 20);
        for (int i = -Warm; i < repetitions; i++)
        {
            long before = hosts.Entries, start = Stopwatch.GetTimestamp();
            await loud[0].PutAsync([Address(0)], ++version, cancellationToken);
            await hosts.UntilAsync(before + Hosts - 1, s_patience, cancellationToken);
            single.AddRange(i < 0 ? [] : hosts.Times.Where(t => t > start).Select(t => Stopwatch.GetElapsedTime(start, t).TotalMilliseconds));
        }

        List<double> rates = [], costs = [], lone = [], meanwhile = [];
        await using var watcher = new SimulatedHosts(Labs.Executable(context.Options), address.Port, ["watcher"]);
        await HearAsync();
        await MeasureQuietAsync(lone, repetitions, () => false);
        for (int round = 0; round < context.Options.EffectiveRounds; round++)
        {
            context.Progress($"bursts, {round + 1} of {context.Options.EffectiveRounds}");
            version++;
            bool done = false;
            List<double> during = [];
            Task other = MeasureQuietAsync(during, int.MaxValue, () => Volatile.Read(ref done));
            long before = hosts.Entries, start = Stopwatch.GetTimestamp();
            TimeSpan used = Used();
            await Task.WhenAll(loud.Select((s, i) => s.PutAsync([.. Enumerable.Range(0, Burst / Learners).Select(n => Address((i * Burst / Learners) + n))], version, cancellationToken)));
            await hosts.UntilAsync(before + ((long)Burst * (Hosts - 1)), s_patience, cancellationToken);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            costs.Add((Used() - used).TotalMicroseconds / (Burst * (Hosts - 1)));
            Volatile.Write(ref done, true);
            await other;
            rates.Add(Burst * (Hosts - 1) / took.TotalSeconds);
            meanwhile.AddRange(during);
        }

        return new BenchResult
        {
            Series =
            [
                .. Labs.Distribution(Single, "told to seen", "ms", single),
                new Series(Bursts, "deliveries", "rate", "entries/s", [.. rates]),
                new Series(Bursts, "the controller, for a delivery", "CPU", "µs", [.. costs]),
                .. Labs.Distribution("another tenant's single changes", "alone", "ms", lone),
                .. Labs.Distribution("another tenant's single changes", "during bursts", "ms", meanwhile),
            ],
            Aims =
            [
                new AimOutcome("a single change is at every host within 50 ms (99 %)", Statistics.Percentile(single, 0.99), Statistics.Percentile(single, 0.99) < 50),
                new AimOutcome("at least 300 000 deliveries per second", Statistics.Median(rates), Statistics.Median(rates) >= 300_000),
                new AimOutcome("another tenant's changes within 150 ms meanwhile (99 %)", Statistics.Percentile(meanwhile, 0.99), Statistics.Percentile(meanwhile, 0.99) < 150),
            ],
        };

        TimeSpan Used()
        {
            controller.Refresh();
            return controller.TotalProcessorTime;
        }

        async Task SettleAsync()
        {
            long before;
            do
            {
                before = hosts.Entries;
                await loud[0].PutAsync([Address(0)], ++version, cancellationToken);
                await Task.Delay(1000, cancellationToken);
            }
            while (hosts.Entries - before != Hosts - 1);
        }

        // The watcher's stream attaches behind its request, too.
        async Task HearAsync()
        {
            while (watcher.Entries == 0)
            {
                await quiet.PutAsync([IPAddress.Parse("10.0.0.9")], ++quiet.Version, cancellationToken);
                await Task.Delay(200, cancellationToken);
            }
        }

        async Task MeasureQuietAsync(List<double> into, int most, Func<bool> isDone)
        {
            int mine = 0;
            while (mine++ < most && !isDone())
            {
                long before = watcher.Entries, start = Stopwatch.GetTimestamp();
                await quiet.PutAsync([IPAddress.Parse("10.0.0.9")], ++quiet.Version, cancellationToken);
                await watcher.UntilAsync(before + 1, s_patience, cancellationToken);
                into.Add(Stopwatch.GetElapsedTime(start, watcher.Times.Single()).TotalMilliseconds);
                await Task.Delay(5, cancellationToken);
            }
        }
    }

    private static IPAddress Address(int i) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.1.{i / 250}.{i % 250}"));

    /// <summary>A loud tenant with a port on every host, and a quiet one with a port on the last host and on one that is watched alone.</summary>
    private static IEnumerable<JsonElement> Cloud()
    {
        yield return Object(new { kind = "VmNetwork", name = "n", tenant = "loud", routingDomainId = s_loud, subnets = new[] { Subnet(5001) } });
        yield return Object(new { kind = "VmNetwork", name = "n", tenant = "quiet", routingDomainId = s_quiet, subnets = new[] { Subnet(6001) } });
        for (int i = 1; i <= Hosts; i++)
        {
            yield return Host($"h{i}", $"172.16.{i / 250}.{i % 250}");
            yield return Port("loud", $"p{i}", 5001, $"h{i}", i);
        }

        yield return Host("watcher", "172.17.0.1");
        yield return Port("quiet", "q1", 6001, $"h{Hosts}", 1);
        yield return Port("quiet", "q2", 6001, "watcher", 2);
    }

    private static JsonElement Host(string name, string providerAddress) => Object(new { kind = "Host", name, providerAddresses = new[] { providerAddress } });

    private static object Subnet(uint vsid) => new { vsid, prefixes = s_prefixes, learning = "dynamic" };

    private static JsonElement Port(string tenant, string name, uint vsid, string host, int i) => Object(new
    {
        kind = "Port", name, tenant, vmNetwork = "n", vsid, host, @interface = $"{tenant[0]}{i}", mac = MacOf(i).ToString(), dynamicAddressLimit = 1024,
    });

    private static MacAddress MacOf(int i) => new(0x06_06_00_00_00_00UL + (ulong)i);

    private static JsonElement Object<T>(T value) => JsonSerializer.SerializeToElement(value);

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    /// <summary>What the agent of a host says.</summary>
    private sealed class Sender(HnvClient client, string host, Guid network, uint vsid, string port)
    {
        private readonly PolicyStreamClient _link = new(client, host);
        private long _sequence;

        public int Version { get; set; }

        public Task BeginAsync(CancellationToken cancellationToken) => PostAsync(new LearnedBatch(network, [], [], LearnedSection.Complete), true, cancellationToken);

        public Task PutAsync(IPAddress[] addresses, int version, CancellationToken cancellationToken)
        {
            MacAddress mac = MacOf(int.Parse(port[(port.IndexOf('/', StringComparison.Ordinal) + 2)..], CultureInfo.InvariantCulture));
            LearnedClaim[] claims = [.. addresses.Select(a => new LearnedClaim(vsid, a, mac, port, AddressSource.Arp, DateTimeOffset.UnixEpoch, 1, (uint)version))];
            return PostAsync(new LearnedBatch(network, [.. claims], []), false, cancellationToken);
        }

        private async Task PostAsync(LearnedBatch batch, bool begins, CancellationToken cancellationToken)
        {
            LearnedAnswer answer = await _link.LearnedAsync(new LearnedReport(PolicyProtocol.Version, 1, ++_sequence, begins, [batch], []), cancellationToken);
            if (answer is not { Refused.Length: 0, Lost.Length: 0 })
            {
                throw new BenchException($"The controller refused: {answer.Refused.Select(static r => r.Reason).FirstOrDefault()}");
            }
        }
    }
}
