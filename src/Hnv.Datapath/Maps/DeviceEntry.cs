namespace Hnv.Datapath.Maps;

/// <summary>What was done to an interface, so that uninstalling undoes that and nothing else.</summary>
/// <param name="SettingsBefore">Of a port: as they were when it became one.</param>
internal readonly record struct DeviceEntry(DeviceFlags Flags, PortSettings SettingsBefore)
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
