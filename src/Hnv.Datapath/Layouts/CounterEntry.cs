using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_counter_key.</summary>
/// <param name="PortId">0 for the uplinks.</param>
[KernelStruct("hnv_counter_key")]
public readonly record struct CounterKey(uint PortId, Verdict Verdict);

/// <summary>struct hnv_counter, of one CPU.</summary>
[KernelStruct("hnv_counter")]
public readonly record struct CounterEntry(ulong Packets, ulong Bytes);

/// <summary>struct hnv_traffic, of one CPU: what was sent into a port. Key: port number.</summary>
[KernelStruct("hnv_traffic")]
public readonly record struct TrafficEntry(ulong ToVmPackets, ulong ToVmBytes);

/// <summary>struct hnv_bucket: token bucket of a port's ICMP errors. Key: port number.</summary>
[KernelStruct("hnv_bucket")]
public readonly record struct BucketEntry(ulong LastNs, ulong Tokens);

/// <summary>struct hnv_config: the one entry that tells all programs what they share.</summary>
/// <param name="NormaliserIn">Interface that decapsulated frames for taps are sent to; 0: none.</param>
/// <param name="NormaliserOut">Where they come back clean.</param>
/// <param name="VxlanPort">UDP port of VXLAN; 0: no VM network here is in VXLAN.</param>
[KernelStruct("hnv_config")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct ConfigEntry(uint Layout, uint NormaliserIn, uint NormaliserOut, ConfigFlags Flags, NetworkUInt16 VxlanPort = default);

/// <summary>HNV_CONFIG_*.</summary>
[Flags]
public enum ConfigFlags : ushort
{
    None = 0,

    /// <summary>The normaliser takes frames wrapped in IPv6, at its ingress.</summary>
    Unwrap = 1,

    /// <summary>Another tunnel of this host has the port of VXLAN, too.</summary>
    VxlanShared = 2,
}

/// <summary>struct hnv_decision: what a program decided for the last frame on a CPU.</summary>
/// <param name="Ifindex">Interface the frame was sent to; 0: none.</param>
/// <param name="NextHop">Customer address whose record decided.</param>
/// <param name="Pa">Provider address sent to; none: local.</param>
/// <param name="GreKey">As on the wire.</param>
[KernelStruct("hnv_decision")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct DecisionEntry(
    Verdict Verdict, uint Ifindex, NetworkUInt32 SourceVsid, NetworkUInt32 DestinationVsid, NetworkUInt32 Rd, uint Flags,
    KernelAddress NextHop, RecordEntry Record, KernelAddress Pa, NetworkUInt32 GreKey);
