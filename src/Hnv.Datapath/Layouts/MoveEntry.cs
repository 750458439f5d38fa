using System.Net;
using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_move: an adapter that is about to change its host. Key: (virtual subnet, MAC).</summary>
/// <param name="To">What its records become once it is active there; without a place while that is this host and the port has no interface.</param>
/// <param name="From">Provider address of the host it leaves; none: this one.</param>
[KernelStruct("hnv_move")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct MoveEntry(RecordEntry To, KernelAddress From)
{
    /// <summary>To another host.</summary>
    public static MoveEntry ToHost(MacAddress mac, IPAddress to, IPAddress? from) =>
        new(RecordEntry.Remote(mac, RecordKind.Static, to, RecordFlags.Moving), KernelAddress.From(from));

    /// <summary>To this host; <paramref name="interfaceIndex"/> is 0 until the port has an interface.</summary>
    public static MoveEntry ToPort(MacAddress mac, int interfaceIndex, IPAddress? from) =>
        new(RecordEntry.Local(mac, RecordKind.Static, interfaceIndex, RecordFlags.Moving), KernelAddress.From(from));
}

/// <summary>struct hnv_activation: a moving adapter was heard at the host it moves to.</summary>
/// <param name="Pa">That host's provider address; none: this one. Of another move than the one under way it means nothing.</param>
/// <param name="SinceNs">CLOCK_BOOTTIME.</param>
[KernelStruct("hnv_activation")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct ActivationEntry(KernelAddress Pa, ulong SinceNs);
