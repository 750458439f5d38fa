using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>Everything that programs may write, but for the decision: to tell what a frame changed.</summary>
internal sealed class HostState
{
    private readonly SortedDictionary<string, (long First, long Second)> _values = new(StringComparer.Ordinal);

    /// <param name="events">What was told meanwhile.</param>
    public static HostState Read(ProgramSet programs, IReadOnlyList<LearnEvent>? events = null)
    {
        var state = new HostState();
        foreach (LearnEvent each in events ?? [])
        {
            string name = Event(each.Kind, each.Ca.ToIPAddress()!, each.Mac.ToMacAddress(), each.PortId);
            state._values[name] = (state._values.GetValueOrDefault(name).First + 1, 0);
        }

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
            state._values[$"learned {key.Ca} in {key.Vsid}: {Describe(entry)}"] = (1, 0);
        }

        foreach ((MacKey key, ActivationEntry activation) in programs.Map("activations").ReadAll<MacKey, ActivationEntry>())
        {
            state._values[Activation(key, activation.Pa)] = (1, 0);
        }

        foreach ((KernelAddress peer, BucketEntry bucket) in programs.Map("redirect_limits").ReadAll<KernelAddress, BucketEntry>())
        {
            state._values[$"messages to {peer}"] = ((long)bucket.Tokens, 0);
        }

        foreach ((uint port, uint held) in programs.Map("learned_counts").ReadAll<uint, uint>())
        {
            state._values[$"port {port} addresses"] = (held, 0);
        }

        foreach ((MacKey key, VirtualMacEntry entry) in programs.Map("virtual_macs").ReadAll<MacKey, VirtualMacEntry>())
        {
            state._values[$"virtual MAC {key.Mac} in {key.Vsid} at {Place(entry.At.Ifindex, entry.PortId, entry.At.Pa)}"] = (1, 0);
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

    /// <summary>An event; of the one who holds the address now, or who wants it.</summary>
    public static string Event(LearnEventKind kind, IPAddress address, MacAddress mac, uint portId) => $"event {kind} {address} {mac} port {portId}";

    /// <summary>A moving adapter was heard at its new place; none: here.</summary>
    public static string Activation(MacKey key, KernelAddress at) => $"activation {key.Mac} in {key.Vsid} at {at}";

    /// <summary>What a test knows of an entry: all but the times.</summary>
    public static string Describe(LearnedEntry entry)
    {
        if (entry.Source == LearnSource.None)
        {
            return entry.Record.Mac.ToString(); // link-local, of a port that does not learn
        }

        string text = $"{entry.Record.Mac} at {Place(entry.Record.Ifindex, entry.PortId, entry.Record.Pa)} by {entry.Source} {entry.Epoch}.{entry.Counter} {entry.Record.Flags}";
        return entry.ChallengerMac == default || entry.DeadlineNs == LearnedEntry.Void ? text
            : $"{text}, {(entry.DeadlineNs == 0 ? "before" : "wanted by")} {entry.ChallengerMac} at {Place(entry.ChallengerIfindex, entry.ChallengerPortId, entry.ChallengerPa)}";
    }

    private static string Place(uint ifindex, uint portId, KernelAddress pa) => ifindex != 0 ? $"port {portId}" : pa.ToString();

    public static string Tell(string name, long first, long second = 0) => second == 0 ? $"{name} {first:+0;-0}" : $"{name} {first:+0;-0} {second:+0;-0}";
}
