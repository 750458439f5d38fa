namespace Hnv.Bench.Topology;

/// <summary>What crosses between the hosts.</summary>
public enum WireSize
{
    /// <summary>
    /// Packets of 1500 bytes, as on every physical wire: the sender's uplink cannot segment, so the kernel does it there; the receiver's
    /// uplink merges them again (GRO).
    /// </summary>
    MtuSized,

    /// <summary>Super-packets of up to 64 KB, which veth passes on as they are.</summary>
    WholeSuperPackets,
}

/// <summary>How the receiving VM hangs on its host.</summary>
public enum Cable
{
    /// <summary>veth into the VM's namespace.</summary>
    Veth,

    /// <summary>A tap as QEMU drives it, relayed into a tap in the VM's namespace.</summary>
    Tap,
}
