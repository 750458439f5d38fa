using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Reading;

/// <summary>Sums per-CPU values.</summary>
internal static class CounterReader
{
    /// <summary>What occurred at all, of ports and of the uplinks.</summary>
    public static IReadOnlyList<VerdictCounter> ReadVerdicts(BpfMap ports, BpfMap uplinks) =>
    [
        .. ports.ReadAllPerCpu<CounterKey, CounterEntry>().Select(entry => Counter(entry.Key, entry.Value)),
        .. uplinks.ReadAllPerCpu<Verdict, CounterEntry>().Select(entry => Counter(new CounterKey(0, entry.Key), entry.Value)).Where(counter => counter.Packets > 0),
    ];

    /// <summary>What came from a VM has one verdict for each frame; beside them stand copies that were lost, and what the guard stopped on its way in.</summary>
    public static IReadOnlyList<PortTraffic> ReadTraffic(BpfMap counters, BpfMap traffic)
    {
        ILookup<uint, VerdictCounter> from = counters.ReadAllPerCpu<CounterKey, CounterEntry>()
            .Where(entry => entry.Key.Verdict is not (Verdict.HostStackFrame or Verdict.FloodCopyLost))
            .Select(entry => Counter(entry.Key, entry.Value)).ToLookup(counter => counter.PortId);
        var to = traffic.ReadAllPerCpu<uint, TrafficEntry>().ToDictionary(entry => entry.Key, entry => entry.Value);
        return
        [
            .. from.Select(port => port.Key).Union(to.Keys).Select(port => new PortTraffic(
                port,
                from[port].Aggregate(0UL, (sum, counter) => sum + counter.Packets),
                from[port].Aggregate(0UL, (sum, counter) => sum + counter.Bytes),
                Sum(to.GetValueOrDefault(port, []), cpu => cpu.ToVmPackets),
                Sum(to.GetValueOrDefault(port, []), cpu => cpu.ToVmBytes))),
        ];
    }

    private static VerdictCounter Counter(CounterKey key, CounterEntry[] cpus) =>
        new(key.PortId, key.Verdict, Sum(cpus, cpu => cpu.Packets), Sum(cpus, cpu => cpu.Bytes));

    private static ulong Sum<T>(T[] cpus, Func<T, ulong> part) => cpus.Aggregate(0UL, (sum, cpu) => sum + part(cpu));
}
