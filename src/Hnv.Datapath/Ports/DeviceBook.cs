using Hnv.Datapath.Maps;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Ports;

/// <summary>Remembers, across restarts of the agent, what was done to which interface (the pinned map <c>devices</c>).</summary>
internal sealed class DeviceBook(BpfMap map)
{
    public DeviceEntry Read(int interfaceIndex) => map.TryLookup(in interfaceIndex, out DeviceEntry entry) ? entry : default;

    public void Add(int interfaceIndex, DeviceFlags flags)
    {
        DeviceEntry before = Read(interfaceIndex);
        var after = new DeviceEntry(before.Flags | flags, 0);
        if (after != before)
        {
            map.Update(in interfaceIndex, in after);
        }
    }

    public void Clear(int interfaceIndex, DeviceFlags flags)
    {
        DeviceEntry before = Read(interfaceIndex);
        var after = new DeviceEntry(before.Flags & ~flags, 0);
        if (after == before)
        {
            return;
        }

        if (after.Flags == DeviceFlags.None)
        {
            map.Delete(in interfaceIndex);
        }
        else
        {
            map.Update(in interfaceIndex, in after);
        }
    }

    public void Forget(int interfaceIndex) => map.Delete(in interfaceIndex);

    public IReadOnlyList<KeyValuePair<int, DeviceEntry>> ReadAll() => map.ReadAll<int, DeviceEntry>();

    /// <summary>Makes sure of a qdisc to attach to, and remembers whether it is ours.</summary>
    public void EnsureQdisc(int interfaceIndex)
    {
        if (TcHook.EnsureQdisc(interfaceIndex))
        {
            Add(interfaceIndex, DeviceFlags.QdiscIsOurs);
        }
    }
}
