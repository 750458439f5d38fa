using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_claim_key: one of the few link-local addresses that a port may claim.</summary>
[KernelStruct("hnv_claim_key")]
public readonly record struct ClaimKey(uint Ifindex, uint Slot);

/// <summary>struct hnv_claim: who claimed, and what.</summary>
[KernelStruct("hnv_claim")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct ClaimEntry(NetworkUInt32 Vsid, uint PortId, KernelAddress Address);
