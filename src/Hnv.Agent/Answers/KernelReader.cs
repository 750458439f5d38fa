using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hnv.Agent.Counters;
using Hnv.Agent.Network;
using Hnv.Agent.Ports;
using Hnv.Api.Answers;
using Hnv.Datapath;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;

namespace Hnv.Agent.Answers;

/// <summary>
/// What stands in this host's kernel, in the words of policy. Read from the kernel when asked, not from what the agent believes.
/// Members may be called by any thread.
/// </summary>
/// <param name="dataplane">The kernel's maps.</param>
/// <param name="view">The host's interfaces.</param>
/// <param name="state">What gives numbers their names.</param>
/// <param name="counters">What ports had counted before.</param>
internal sealed class KernelReader(IDataplane dataplane, INetworkView view, Func<AgentState> state, CounterBook counters)
{
    /// <summary>Lookup records, also those the programs learned.</summary>
    public ImmutableArray<KernelRecord> Records()
    {
        Dictionary<int, string> names = InterfaceNames();
        var records = new List<KernelRecord>();
        var known = new HashSet<RecordKey>();
        foreach ((RecordKey key, RecordEntry entry) in dataplane.ReadRecords())
        {
            known.Add(key);
            records.Add(Describe(key, entry, names));
        }

        foreach ((RecordKey key, LearnedEntry entry) in dataplane.ReadLearned())
        {
            if (known.Add(key))
            {
                records.Add(Describe(key, entry.Record, names));
            }
        }

        return [.. records.OrderBy(r => r.Vsid).ThenBy(r => KernelAddress.From(r.CustomerAddress).ToString(), StringComparer.Ordinal)];
    }

    /// <summary>Customer routes.</summary>
    public ImmutableArray<KernelRoute> Routes()
    {
        ImmutableDictionary<uint, Guid> domains = state().RoutingDomains;
        return
        [
            .. dataplane.ReadRoutes()
                .Select(r => new KernelRoute(domains.GetValueOrDefault(r.Key.Rd.ToHost()), r.Key.ToIPNetwork(), r.Value.Vsid.ToHost(), r.Value.NextHop.ToIPAddress()))
                .OrderBy(r => r.RoutingDomainId).ThenBy(r => r.Prefix.ToString(), StringComparer.Ordinal).ThenBy(r => r.Vsid),
        ];
    }

    /// <summary>Ports of policy with their state, and ports in the kernel that policy does not (yet) name.</summary>
    public ImmutableArray<KernelPort> Ports()
    {
        Dictionary<int, string> names = InterfaceNames();
        var inKernel = dataplane.ReadPorts().ToDictionary();
        var ports = new List<KernelPort>();
        foreach (PortState port in state().Ports)
        {
            bool bound = port.InterfaceIndex is { } index && inKernel.Remove(index);
            string? reason = port.InterfaceIndex is null || bound ? port.Reason : "its entry is missing in the kernel";
            ports.Add(new KernelPort(port.Name, port.Interface, port.InterfaceIndex, port.Vsid, port.Mac, reason is null ? port.State : FailedUnlessWaiting(port), reason));
        }

        foreach ((int index, PortEntry entry) in inKernel)
        {
            ports.Add(new KernelPort(
                $"#{entry.PortId}", names.GetValueOrDefault(index, $"interface {index}"), index, entry.Vsid.ToHost(), entry.Mac.ToMacAddress(),
                Hnv.Api.Reports.PortStates.Bound, "found in the kernel; no policy names it yet"));
        }

        return [.. ports.OrderBy(p => p.Port, StringComparer.Ordinal)];
    }

    /// <summary>Counters by port and verdict; of a port from where it was before.</summary>
    public ImmutableArray<VerdictCount> Verdicts()
    {
        Dictionary<uint, string> names = PortNames();
        IEnumerable<VerdictCount> before =
            from port in counters.Before()
            from v in port.Verdicts
            select new VerdictCount(port.Port, v.Verdict, Enum.TryParse(v.Verdict, out Verdict verdict) && verdict.IsDrop(), v.Packets, v.Bytes);
        return
        [
            .. dataplane.ReadCounters()
                .Select(c => new VerdictCount(NameOf(names, c.PortId), c.Verdict.ToString(), c.Verdict.IsDrop(), c.Packets, c.Bytes))
                .Concat(before).GroupBy(static c => (c.Port, c.Verdict))
                .Select(static g => g.Aggregate(static (a, b) => a with { Packets = a.Packets + b.Packets, Bytes = a.Bytes + b.Bytes }))
                .OrderBy(c => c.Port, StringComparer.Ordinal).ThenBy(c => c.Verdict, StringComparer.Ordinal),
        ];
    }

    /// <summary>What crossed each port, also where it was before.</summary>
    public ImmutableArray<PortTraffic> Traffic()
    {
        Dictionary<uint, string> names = PortNames();
        return
        [
            .. dataplane.ReadTraffic()
                .Select(t => new PortTraffic(NameOf(names, t.PortId) ?? "uplinks", t.FromVmPackets, t.FromVmBytes, t.ToVmPackets, t.ToVmBytes))
                .Concat(counters.Before().Select(static b => new PortTraffic(b.Port, b.FromVmPackets, b.FromVmBytes, b.ToVmPackets, b.ToVmBytes)))
                .GroupBy(static t => t.Port, StringComparer.Ordinal)
                .Select(static g => g.Aggregate(static (a, b) => new PortTraffic(
                    a.Port, a.FromVmPackets + b.FromVmPackets, a.FromVmBytes + b.FromVmBytes, a.ToVmPackets + b.ToVmPackets, a.ToVmBytes + b.ToVmBytes)))
                .OrderBy(t => t.Port, StringComparer.Ordinal),
        ];
    }

    /// <summary>Fill levels of the maps.</summary>
    public ImmutableArray<MapUsage> Maps() => [.. dataplane.ReadUsage().Select(u => new MapUsage(u.Name, u.Entries, u.Capacity, u.Bytes))];

    /// <summary>What was found out about the kernel.</summary>
    public ImmutableArray<KernelFeatureStatus> Features() =>
        [.. dataplane.Features.Findings.Select(f => new KernelFeatureStatus(f.Facts.Name, Word(f.State), f.Facts.Since, f.Facts.Without, f.Reason))];

    /// <summary>How frames from the wire come into ports.</summary>
    public ImmutableArray<KernelDelivery> Deliveries(IEnumerable<string> uplinks) =>
    [
        .. from uplink in uplinks
           from d in dataplane.Decapsulations
           select new KernelDelivery(uplink, Word(d.Provider), Word(d.Customer), d.Device == PortDevice.VethPeer ? "veth" : "tap", Word(d.Way)),
    ];

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static string Word(AddressFamily family) => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private static string FailedUnlessWaiting(PortState port) =>
        port.State == Hnv.Api.Reports.PortStates.Bound ? Hnv.Api.Reports.PortStates.Failed : port.State;

    private static KernelRecord Describe(RecordKey key, RecordEntry entry, Dictionary<int, string> names) => new(
        key.Vsid.ToHost(),
        key.Ca.ToIPAddress() ?? IPAddress.IPv6Any,
        entry.Mac.ToMacAddress(),
        entry.Type.ToString(),
        entry.Pa.ToIPAddress(),
        entry.Ifindex == 0 ? null : names.GetValueOrDefault((int)entry.Ifindex, $"interface {entry.Ifindex}"),
        entry.Flags.HasFlag(RecordFlags.Unusable),
        entry.Flags.HasFlag(RecordFlags.Unsynchronized));

    private static string? NameOf(Dictionary<uint, string> names, uint portId) => portId == 0 ? null : names.GetValueOrDefault(portId, $"#{portId}");

    private Dictionary<uint, string> PortNames()
    {
        var names = new Dictionary<uint, string>();
        foreach (PortState port in state().Ports)
        {
            names.TryAdd(port.Number, port.Name);
        }

        return names;
    }

    private Dictionary<int, string> InterfaceNames() => view.GetLinks().ToDictionary(l => l.Index, l => l.Name);
}
