using System.Net;
using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_member_key: (virtual subnet, slot). Slots are without gaps; local ones from 0, remote ones from <see cref="Remote"/>.</summary>
[KernelStruct("hnv_member_key")]
public readonly record struct MemberKey(NetworkUInt32 Vsid, uint Slot)
{
    /// <summary>HNV_MEMBER_REMOTE: the first slot of provider addresses.</summary>
    public const uint Remote = 0x8000_0000;

    public MemberKey(uint vsid, uint slot)
        : this(NetworkUInt32.ToNetwork(vsid), slot)
    {
    }
}

/// <summary>struct hnv_member: who gets a copy of what floods.</summary>
/// <param name="Pa">None when local.</param>
/// <param name="Ifindex">0 when remote.</param>
[KernelStruct("hnv_member")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct MemberEntry(KernelAddress Pa, uint Ifindex, MemberFlags Flags)
{
    public static MemberEntry Local(int interfaceIndex, MemberFlags flags) => new(KernelAddress.None, (uint)interfaceIndex, flags);

    public static MemberEntry Remote(IPAddress providerAddress, MemberFlags flags) => new(KernelAddress.From(providerAddress), 0, flags);
}

/// <summary>HNV_MEMBER_*.</summary>
[Flags]
public enum MemberFlags : uint
{
    None = 0,

    /// <summary>Has, or its host has, a port whose addresses are learned: only such are asked for unknown ones.</summary>
    Learns = 1,
}
