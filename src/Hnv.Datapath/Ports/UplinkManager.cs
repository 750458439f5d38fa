using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>Receives encapsulated frames at interfaces of the host's own, beside whatever else is attached there.</summary>
internal sealed class UplinkManager(Attachments attachments, DeviceBook devices, Rtnetlink route)
{
    private readonly HashSet<int> _claimed = [];

    public void Attach(int interfaceIndex)
    {
        LinkInfo link = route.FindLink(interfaceIndex) ?? throw new DataplaneException($"no interface has index {interfaceIndex} (any more).");
        try
        {
            devices.Add(interfaceIndex, DeviceFlags.Uplink);
            devices.EnsureQdisc(interfaceIndex);
            attachments.Ensure(interfaceIndex, TcDirection.Ingress, ProgramNames.UplinkIngress);
        }
        catch (LinuxException failure)
        {
            throw new DataplaneException($"uplink {link.Name} cannot be used: {failure.Message}", failure);
        }

        _claimed.Add(interfaceIndex);
    }

    public bool Detach(int interfaceIndex)
    {
        _claimed.Remove(interfaceIndex);
        bool removed = attachments.Remove(interfaceIndex, TcDirection.Ingress);
        devices.Clear(interfaceIndex, DeviceFlags.Uplink);
        return removed;
    }

    /// <summary>Detaches from what was found at opening and claimed by nobody since.</summary>
    public int Sweep()
    {
        int[] stale = [.. ReadAll().Where(index => !_claimed.Contains(index))];
        foreach (int index in stale)
        {
            Detach(index);
        }

        return stale.Length;
    }

    public IReadOnlyList<int> ReadAll() =>
        [.. devices.ReadAll().Where(device => device.Value.Has(DeviceFlags.Uplink) && attachments.Find(device.Key, TcDirection.Ingress) is not null).Select(device => device.Key)];
}
