using System.Net;
using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_record_key: (virtual subnet, customer address).</summary>
[KernelStruct("hnv_record_key")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RecordKey(NetworkUInt32 Vsid, KernelAddress Ca)
{
    public RecordKey(uint vsid, IPAddress customerAddress)
        : this(NetworkUInt32.ToNetwork(vsid), KernelAddress.From(customerAddress))
    {
    }
}

/// <summary>struct hnv_record: who has a customer address, and where.</summary>
/// <param name="Pa">Provider address of its host; none when local.</param>
/// <param name="Ifindex">The port's interface when local; 0 when remote.</param>
[KernelStruct("hnv_record")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RecordEntry(KernelMac Mac, RecordKind Type, RecordFlags Flags, KernelAddress Pa, uint Ifindex)
{
    /// <summary>A record at a port of this host.</summary>
    public static RecordEntry Local(MacAddress mac, RecordKind type, int interfaceIndex, RecordFlags flags = RecordFlags.None) =>
        new(KernelMac.From(mac), type, flags, KernelAddress.None, (uint)interfaceIndex);

    /// <summary>A record at another host.</summary>
    public static RecordEntry Remote(MacAddress mac, RecordKind type, IPAddress providerAddress, RecordFlags flags = RecordFlags.None) =>
        new(KernelMac.From(mac), type, flags, KernelAddress.From(providerAddress), 0);
}

/// <summary>HNV_RECORD_*.</summary>
public enum RecordKind : byte
{
    Static = 0,
    Dynamic = 1,
    GatewayWildcard = 2,
    L2Only = 3,

    /// <summary>The subnet's own gateway address, answered here.</summary>
    DistributedGateway = 4,
}

/// <summary>HNV_RECORD_FLAG_*.</summary>
[Flags]
public enum RecordFlags : byte
{
    None = 0,
    Unusable = 1,
    Unsynchronized = 2,

    /// <summary>Its adapter is about to change its host: `moves` says where to.</summary>
    Moving = 4,
}
