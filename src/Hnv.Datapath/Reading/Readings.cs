namespace Hnv.Datapath.Reading;

/// <summary>How often a verdict was given at a port.</summary>
/// <param name="PortId">0 for the uplinks.</param>
public readonly record struct VerdictCounter(uint PortId, Verdict Verdict, ulong Packets, ulong Bytes);

/// <summary>What crossed a port since it was bound first.</summary>
public readonly record struct PortTraffic(uint PortId, ulong FromVmPackets, ulong FromVmBytes, ulong ToVmPackets, ulong ToVmBytes);

/// <summary>Fill level of a map.</summary>
/// <param name="Name">Without prefix and layout number, e.g. <c>records</c>.</param>
/// <param name="Bytes">Kernel memory, as the map's fdinfo says; null when it does not.</param>
public sealed record TableUsage(string Name, long Entries, long Capacity, long? Bytes);
