using Hnv.Datapath.Layouts;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>Everything that programs may write, but for the decision: to tell what a frame changed.</summary>
internal sealed class HostState
{
    private readonly SortedDictionary<string, (long First, long Second)> _values = new(StringComparer.Ordinal);

    public static HostState Read(ProgramSet programs)
    {
        var state = new HostState();
        foreach ((CounterKey key, CounterEntry[] each) in programs.Map("counters").ReadAllPerCpu<CounterKey, CounterEntry>())
        {
            state._values[$"port {key.PortId} {key.Verdict}"] =
                (each.Sum(c => (long)c.Packets), each.Sum(c => (long)c.Bytes));
        }

        foreach ((Verdict verdict, CounterEntry[] each) in programs.Map("uplink_counters").ReadAllPerCpu<Verdict, CounterEntry>())
        {
            state._values[$"uplink {verdict}"] = (each.Sum(c => (long)c.Packets), each.Sum(c => (long)c.Bytes));
        }

        foreach ((uint port, TrafficEntry[] each) in programs.Map("traffic").ReadAllPerCpu<uint, TrafficEntry>())
        {
            state._values[$"port {port} to VM"] = (each.Sum(c => (long)c.ToVmPackets), each.Sum(c => (long)c.ToVmBytes));
        }

        foreach ((uint port, BucketEntry bucket) in programs.Map("icmp_limits").ReadAll<uint, BucketEntry>())
        {
            state._values[$"port {port} error bucket"] = ((long)bucket.Tokens, 0);
        }

        foreach ((KernelAddress peer, PathMtuEntry mtu) in programs.Map("path_mtus").ReadAll<KernelAddress, PathMtuEntry>())
        {
            state._values[$"path MTU {peer}"] = (mtu.Mtu, 0);
        }

        foreach ((ClaimKey key, ClaimEntry claim) in programs.Map("claims").ReadAll<ClaimKey, ClaimEntry>())
        {
            state._values[$"claim {key.Slot} of port {claim.PortId}: {claim.Address} in {claim.Vsid}"] = (1, 0);
        }

        using Hnv.Linux.Bpf.BpfMap learned = programs.Inner("learned");
        foreach ((RecordKey key, LearnedEntry entry) in learned.ReadAll<RecordKey, LearnedEntry>())
        {
            state._values[$"learned {key.Ca} in {key.Vsid}: {entry.Record.Mac}"] = (1, 0);
        }

        return state;
    }

    /// <summary>Differences, sorted: <c>NAME +packets +bytes</c>, or <c>NAME +value</c> for what is no pair.</summary>
    public IReadOnlyList<string> ChangesSince(HostState before) =>
    [
        .. _values.Keys.Union(before._values.Keys).Order(StringComparer.Ordinal)
            .Select(key => (key, New: _values.GetValueOrDefault(key), Old: before._values.GetValueOrDefault(key)))
            .Where(change => change.New != change.Old)
            .Select(change => Tell(change.key, change.New.First - change.Old.First, change.New.Second - change.Old.Second)),
    ];

    public static string Tell(string name, long first, long second = 0) => second == 0 ? $"{name} {first:+0;-0}" : $"{name} {first:+0;-0} {second:+0;-0}";
}
