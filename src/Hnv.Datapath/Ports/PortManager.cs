using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>
/// Binds interfaces to virtual subnets. The order keeps frames from ever meeting a port half made: map entry, programs, link up.
/// Unbinding is one deletion, from which on the programs drop everything; one that can do nothing else takes their
/// place until the interface goes or is bound again.
/// </summary>
internal sealed class PortManager(
    MapStore maps, GrowableMap<RecordKey, LearnedEntry> learned, Attachments attachments, DeviceBook devices, Normaliser normaliser, Rtnetlink route)
{
    private readonly BpfMap _ports = maps[MapNames.Ports];
    private readonly HashSet<int> _claimed = [];

    /// <summary>Ports whose map entry is deleted already but what follows it failed: interface → number of the port.</summary>
    private readonly Dictionary<int, uint> _unfinished = [];

    public BoundPort Bind(PortBinding binding)
    {
        if (binding.PortId == 0)
        {
            throw new ArgumentException("Port number 0 stands for the uplinks.", nameof(binding));
        }

        int index = binding.InterfaceIndex;
        LinkInfo link = route.FindLink(index) ?? throw new DataplaneException($"no interface has index {index} (any more).");
        PortFlags flags = FlagsFor(binding.Device, link);
        if (flags.HasFlag(PortFlags.Normalise) || binding.Encapsulation == Encapsulation.Vxlan)
        {
            normaliser.Ensure();
        }

        flags |= (binding.DhcpGuard ? PortFlags.DhcpGuard : PortFlags.None) | (binding.RouterGuard ? PortFlags.RouterGuard : PortFlags.None)
            | (binding.Prepared ? PortFlags.Prepared : PortFlags.None);
        PortEntry entry = new PortEntry(binding.Vsid, binding.Rd, binding.PortId, flags, binding.Mac) with
        {
            LearnLimit = binding.LearnLimit, LearnSources = binding.LearnSources, StormLimit = binding.StormLimit, Encapsulation = binding.Encapsulation,
        };
        bool existed = _ports.TryLookup(in index, out PortEntry before);
        try
        {
            devices.AddPort(index, link.Name);
            PortSettings.Isolated.WriteTo(link.Name);
            if (!existed || before != entry)
            {
                _ports.Update(in index, in entry);
            }

            if (!existed || !before.IsSameAdapter(entry))
            {
                ForgetLearned(index); // Whoever was there before, in whatever subnet.
            }

            devices.EnsureQdisc(index);
            attachments.Ensure(index, TcDirection.Ingress, ProgramNames.PortIngress);
            bool guarded = Guard(index, ProgramNames.PortEgress);
            if (!link.IsUp)
            {
                route.SetUp(index);
            }

            _claimed.Add(index);
            _unfinished.Remove(index);
            return new BoundPort(index, entry, guarded);
        }
        catch (Exception failure) when (failure is LinuxException or IOException or DataplaneException)
        {
            if (!existed)
            {
                _ports.Delete(in index);
            }

            if (failure is DataplaneException && attachments.Find(index, TcDirection.Ingress) is null)
            {
                devices.Clear(index, DeviceFlags.Port); // Another data plane's: a purge of this one must not set it down.
            }

            throw new DataplaneException($"port {link.Name} cannot be bound: {failure.Message}", failure);
        }
    }

    /// <returns>False when nothing was bound there.</returns>
    /// <exception cref="DataplaneException">The kernel refused; another call goes on where this one ended.</exception>
    public bool Unbind(int interfaceIndex)
    {
        try
        {
            return Remove(interfaceIndex);
        }
        catch (Exception failure) when (failure is LinuxException or IOException)
        {
            throw new DataplaneException($"the port at interface {interfaceIndex} cannot be unbound: {failure.Message}", failure);
        }
    }

    /// <summary>Unbinds what was found at opening and claimed by nobody since, and forgets interfaces that are gone.</summary>
    /// <exception cref="DataplaneException">The kernel refused; another call goes on where this one ended.</exception>
    public int Sweep()
    {
        try
        {
            int[] stale = [.. ReadAll().Select(port => port.Key).Union(_unfinished.Keys).Where(index => !_claimed.Contains(index))];
            foreach (int index in stale)
            {
                Remove(index);
            }

            HashSet<int> links = [.. route.GetLinks().Select(link => link.Index)];
            foreach ((int index, _) in devices.ReadAll().Where(device => !links.Contains(device.Key)))
            {
                devices.Forget(index);
            }

            return stale.Length;
        }
        catch (Exception failure) when (failure is LinuxException or IOException)
        {
            throw new DataplaneException($"ports that nobody desires cannot all be unbound: {failure.Message}", failure);
        }
    }

    public IReadOnlyList<KeyValuePair<int, PortEntry>> ReadAll() => _ports.ReadAll<int, PortEntry>();

    private bool Remove(int interfaceIndex)
    {
        _claimed.Remove(interfaceIndex);
        if (_ports.TryLookup(in interfaceIndex, out PortEntry entry) && _ports.Delete(in interfaceIndex))
        {
            _unfinished[interfaceIndex] = entry.PortId; // From here on its programs drop everything, but they are still to be replaced.
        }

        if (!_unfinished.TryGetValue(interfaceIndex, out uint portId))
        {
            return false;
        }

        ForgetLearned(interfaceIndex);
        if (route.FindLink(interfaceIndex) is null)
        {
            devices.Forget(interfaceIndex); // Else the book would fill up with the devices of VMs that were.
        }
        else if (attachments.Find(interfaceIndex, TcDirection.Ingress) is not null)
        {
            Close(interfaceIndex);
        }
        else
        {
            devices.Clear(interfaceIndex, DeviceFlags.Port); // Another interface with its index, which is not ours to close.
        }

        if (ReadAll().All(port => port.Value.PortId != portId))
        {
            ForgetCounters(portId);
        }

        _unfinished.Remove(interfaceIndex);
        return true;
    }

    private PortFlags FlagsFor(PortDevice device, LinkInfo link) => device switch
    {
        PortDevice.VethPeer => PortFlags.Peer,
        PortDevice.Veth => PortFlags.None,
        PortDevice.Normalise => PortFlags.Normalise,
        // A namespace number is told only when the other end is somewhere else. Straight into that namespace nothing would pass what somebody queues frames by.
        _ when link.Kind == "veth" => link.PeerNamespaceId is null || route.FindRootQdisc(link.Index) is not (null or "noqueue") ? PortFlags.None : PortFlags.Peer,
        _ => PortFlags.Normalise,
    };

    /// <returns>False where there is no egress to attach to.</returns>
    private bool Guard(int interfaceIndex, string program)
    {
        if (route.FindFilterQdisc(interfaceIndex) != "clsact")
        {
            return false; // An ingress qdisc has no egress, and would take the guard for a filter of its ingress.
        }

        attachments.Ensure(interfaceIndex, TcDirection.Egress, program);
        return true;
    }

    private void Close(int interfaceIndex)
    {
        try
        {
            attachments.Ensure(interfaceIndex, TcDirection.Ingress, ProgramNames.Unbound);
            Guard(interfaceIndex, ProgramNames.Unbound);
        }
        catch (LinuxException failure) when (Attachments.IsGone(failure))
        {
            devices.Forget(interfaceIndex); // The interface went first.
        }
    }

    private void ForgetLearned(int interfaceIndex)
    {
        for (uint slot = 0; slot < MapCatalog.ClaimsPerPort; slot++)
        {
            var claim = new ClaimKey((uint)interfaceIndex, slot);
            maps[MapNames.Claims].Delete(in claim);
        }

        KeyValuePair<RecordKey, LearnedEntry>[] held = [.. learned.ReadAll().Where(entry => entry.Value.Record.Ifindex == (uint)interfaceIndex)];
        learned.DeleteBatch([.. held.Select(entry => entry.Key)]);
        foreach (uint portId in held.Select(entry => entry.Value.PortId).Distinct())
        {
            maps[MapNames.LearnedCounts].Delete(in portId);
        }

        BpfMap virtualMacs = maps[MapNames.VirtualMacs];
        virtualMacs.DeleteBatch<MacKey>([.. virtualMacs.ReadAll<MacKey, VirtualMacEntry>().Where(entry => entry.Value.At.Ifindex == (uint)interfaceIndex).Select(entry => entry.Key)]);
    }

    private void ForgetCounters(uint portId)
    {
        maps[MapNames.Traffic].Delete(in portId);
        maps[MapNames.IcmpLimits].Delete(in portId);
        maps[MapNames.StormLimits].Delete(in portId);
        maps[MapNames.EventLimits].Delete(in portId);
        maps[MapNames.LearnedCounts].Delete(in portId);
        maps[MapNames.Advertised].Delete(in portId);
        foreach (Verdict verdict in Verdicts.All)
        {
            var key = new CounterKey(portId, verdict);
            maps[MapNames.Counters].Delete(in key);
        }
    }
}
