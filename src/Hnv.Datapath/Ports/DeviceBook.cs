using Hnv.Datapath.Maps;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>Remembers, across restarts of the agent, what was done to which interface (the pinned map <c>devices</c>).</summary>
internal sealed class DeviceBook(BpfMap map)
{
    public DeviceEntry Read(int interfaceIndex) => map.TryLookup(in interfaceIndex, out DeviceEntry entry) ? entry : default;

    public void Add(int interfaceIndex, DeviceFlags flags)
    {
        DeviceEntry before = Read(interfaceIndex);
        DeviceEntry after = before with { Flags = before.Flags | flags };
        if (after != before)
        {
            map.Update(in interfaceIndex, in after);
        }
    }

    /// <summary>A port from now on; what its settings were before is kept for the day on which it is none any more.</summary>
    /// <exception cref="IOException">The interface is gone.</exception>
    public void AddPort(int interfaceIndex, string name)
    {
        DeviceEntry before = Read(interfaceIndex);
        if (!before.Has(DeviceFlags.Port))
        {
            var after = new DeviceEntry(before.Flags | DeviceFlags.Port, PortSettings.Of(name));
            map.Update(in interfaceIndex, in after);
        }
    }

    public void Clear(int interfaceIndex, DeviceFlags flags)
    {
        DeviceEntry before = Read(interfaceIndex);
        DeviceEntry after = before with { Flags = before.Flags & ~flags };
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

    /// <summary>Takes the qdisc away again if it is ours and nobody else has filters there.</summary>
    public void ReleaseQdisc(int interfaceIndex, Rtnetlink route)
    {
        if (Read(interfaceIndex).Has(DeviceFlags.QdiscIsOurs) && route.CountFilters(interfaceIndex) == 0)
        {
            TcHook.RemoveQdisc(interfaceIndex);
            Clear(interfaceIndex, DeviceFlags.QdiscIsOurs);
        }
    }
}
