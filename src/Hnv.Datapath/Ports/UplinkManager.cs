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
        if (WhyNot(link) is { } reason)
        {
            throw new DataplaneException($"{link.Name} cannot be an uplink: {reason}");
        }

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
        try
        {
            devices.ReleaseQdisc(interfaceIndex, route);
        }
        catch (LinuxException failure) when (Attachments.IsGone(failure))
        {
            devices.Forget(interfaceIndex);
        }

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

    /// <summary>
    /// The programs read and write Ethernet headers. A member of a bridge or bond hands what it receives to that, which has the addresses and
    /// is what routes lead to. A VRF is nothing but a table for its members, and ipvlan above layer 2 routes packets itself.
    /// </summary>
    private string? WhyNot(LinkInfo link)
    {
        if (!link.IsEthernet)
        {
            return $"its frames have no Ethernet header ({(link.Kind.Length > 0 ? link.Kind : "not an Ethernet device")}); give an Ethernet interface, a bond, a bridge or a VLAN device as --uplink.";
        }

        if (link.Kind == "vrf")
        {
            return "it is a VRF; give the interface in it that has the provider address as --uplink.";
        }

        if (link.IpvlanMode is not (null or 0))
        {
            return "it is ipvlan in mode L3 or L3S, where the interface below routes its packets past it; make it in mode L2.";
        }

        return link.Master is { } master and not 0 && route.FindLink(master) is { Kind: "bridge" or "bond" or "team" or "openvswitch" } owner
            ? $"it is a member of {owner.Name} ({owner.Kind}), which has its addresses; give {owner.Name} as --uplink."
            : null;
    }

    public IReadOnlyList<int> ReadAll() =>
        [.. devices.ReadAll().Where(device => device.Value.Has(DeviceFlags.Uplink) && attachments.Find(device.Key, TcDirection.Ingress) is not null).Select(device => device.Key)];
}
