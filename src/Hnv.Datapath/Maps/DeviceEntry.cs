namespace Hnv.Datapath.Maps;

/// <summary>What was done to an interface, so that uninstalling undoes that and nothing else.</summary>
internal readonly record struct DeviceEntry(DeviceFlags Flags, PortSettings Before)
{
    public bool Has(DeviceFlags flag) => (Flags & flag) != DeviceFlags.None;
}

[Flags]
internal enum DeviceFlags : uint
{
    None = 0,

    /// <summary>The clsact qdisc was made for our filters.</summary>
    QdiscIsOurs = 1,

    /// <summary>It is or was a port.</summary>
    Port = 2,

    /// <summary>It is an uplink.</summary>
    Uplink = 4,
}
