using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Reading;

/// <summary>Sums per-CPU values.</summary>
internal static class CounterReader
{
    public static IReadOnlyList<VerdictCounter> ReadVerdicts(BpfMap counters) =>
        [.. counters.ReadAllPerCpu<CounterKey, CounterEntry>().Select(entry => new VerdictCounter(
            entry.Key.PortId, entry.Key.Verdict, Sum(entry.Value, cpu => cpu.Packets), Sum(entry.Value, cpu => cpu.Bytes)))];

    public static IReadOnlyList<PortTraffic> ReadTraffic(BpfMap traffic) =>
        [.. traffic.ReadAllPerCpu<uint, TrafficEntry>().Select(entry => new PortTraffic(
            entry.Key,
            Sum(entry.Value, cpu => cpu.FromVmPackets),
            Sum(entry.Value, cpu => cpu.FromVmBytes),
            Sum(entry.Value, cpu => cpu.ToVmPackets),
            Sum(entry.Value, cpu => cpu.ToVmBytes)))];

    private static ulong Sum<T>(T[] cpus, Func<T, ulong> part) => cpus.Aggregate(0UL, (sum, cpu) => sum + part(cpu));
}
