using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>
/// The UDP port of VXLAN, in the programs' configuration, and a VXLAN device of the kernel (<c>external</c>, in no bridge) at that port. It receives
/// nothing: the programs take what is ours before it. But where a socket of a tunnel listens, and only there, the kernel merges the tunnel's packets to
/// super-packets before the programs see them, as it does GRE without being asked. What comes to it all the same is dropped at its hooks.
/// </summary>
internal sealed class VxlanReceiver(string directory, MapStore maps, Attachments attachments, Rtnetlink route)
{
    private readonly string _name = "hnvx" + DeviceNames.SuffixOf(directory);
    private ushort _port;
    private bool _tried;
    private bool _shared;
    private string? _problem;

    /// <summary>Sets port and device; 0: neither.</summary>
    /// <remarks>
    /// The device comes first: only by making it is it known whether somebody else on this host has the port. Then that one keeps what comes to it, but
    /// for what our peers send in virtual subnets that are here; the kernel cannot give a second tunnel the port.
    /// </remarks>
    /// <returns>What is not as it should be, for people; null when nothing is. Frames of peers are received all the same.</returns>
    public string? Set(ushort port)
    {
        if (port != _port || !_tried)
        {
            Try(port);
        }

        Configure(port, _shared);
        return _problem;
    }

    private void Try(ushort port)
    {
        (_port, _tried, _problem) = (port, true, null);
        ConfigEntry before = Read();
        bool wasShared = before.VxlanPort.ToHost() == port && before.Flags.HasFlag(ConfigFlags.VxlanShared);
        _shared = false;
        try
        {
            if (port == 0)
            {
                Remove();
            }
            else if (before.VxlanPort.ToHost() != port || route.FindLink(_name) is not { } adopted || !adopted.Flags.HasFlag(LinkFlags.Up))
            {
                Make(port);
            }
        }
        catch (LinuxException taken) when (taken.Errno is Errno.EADDRINUSE or Errno.EEXIST)
        {
            _shared = true;
            _problem = $"UDP port {port}, that of VXLAN, belongs to another tunnel or program of this host ({taken.Message}). Taken from it are only frames of peers in virtual subnets "
                + "of this host, which may not be merged to super-packets; everything else stays with it. Give every host another port (--vxlan-port), or that tunnel one";
        }
        catch (Exception failure) when (failure is LinuxException or IOException or DataplaneException)
        {
            // It says nothing of whose the port is.
            _shared = wasShared;
            _problem = $"{_name}, the VXLAN device that has the kernel merge what comes to UDP port {port}, cannot be made: {failure.Message}; frames come in one by one";
        }
    }

    /// <summary>
    /// Makes the device anew when somebody deleted it or set it down, or the port was another's. Nothing else tries again: a device that comes and goes wakes
    /// whoever watches, and that is who asks.
    /// </summary>
    public void Repair()
    {
        if (_port != 0 && (route.FindLink(_name) is not { } link || !link.Flags.HasFlag(LinkFlags.Up)))
        {
            _tried = false;
            Set(_port);
        }
    }

    /// <returns>False when there was none.</returns>
    public bool Remove() => route.FindLink(_name) is { } link && route.DeleteLink(link.Index);

    private void Make(ushort port)
    {
        // Another port, or what was begun and not finished.
        Remove();
        LinkInfo link = route.CreateVxlan(new VxlanSpec(_name, 0) { IsExternal = true, ZeroChecksum6 = true, DestinationPort = port });
        try
        {
            Normaliser.Silence(_name);
            TcHook.EnsureQdisc(link.Index);
            attachments.Ensure(link.Index, TcDirection.Ingress, ProgramNames.Unbound);
            attachments.Ensure(link.Index, TcDirection.Egress, ProgramNames.Unbound);
            route.SetUp(link.Index); // Now it listens: another tunnel may have the port.
        }
        catch
        {
            Remove();
            throw;
        }
    }

    private ConfigEntry Read()
    {
        uint index = 0;
        maps[MapNames.Config].TryLookup(in index, out ConfigEntry entry);
        return entry;
    }

    private void Configure(ushort port, bool shared)
    {
        ConfigEntry before = Read(), entry = before with
        {
            Layout = Layout.Version,
            VxlanPort = NetworkUInt16.ToNetwork(port),
            Flags = (before.Flags & ~ConfigFlags.VxlanShared) | (shared ? ConfigFlags.VxlanShared : ConfigFlags.None),
        };
        if (entry != before)
        {
            uint index = 0;
            maps[MapNames.Config].Update(in index, in entry);
        }
    }
}
