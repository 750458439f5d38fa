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
    private bool _ensured;

    /// <summary>Sets port and device; 0: neither.</summary>
    /// <returns>What keeps received packets from being merged, for people; null when nothing does. They are received all the same.</returns>
    public string? Set(ushort port)
    {
        bool configured = Configure(port);
        if (port == _port && _ensured)
        {
            return null;
        }

        _port = port;
        _ensured = false;
        try
        {
            if (port == 0)
            {
                Remove();
            }
            else if (!configured || route.FindLink(_name) is not { } adopted || !adopted.Flags.HasFlag(LinkFlags.Up))
            {
                Make(port);
            }
        }
        catch (Exception failure) when (failure is LinuxException or IOException or DataplaneException)
        {
            return $"{_name}, the VXLAN device that has the kernel merge what comes to UDP port {port}, cannot be made: {failure.Message}";
        }

        _ensured = true;
        return null;
    }

    /// <summary>Makes the device anew when somebody deleted it or set it down.</summary>
    public void Repair()
    {
        if (_port != 0 && (route.FindLink(_name) is not { } link || !link.Flags.HasFlag(LinkFlags.Up)))
        {
            _ensured = false;
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

    /// <returns>Whether it was so already.</returns>
    private bool Configure(ushort port)
    {
        uint index = 0;
        maps[MapNames.Config].TryLookup(in index, out ConfigEntry before);
        ConfigEntry entry = before with { Layout = Layout.Version, VxlanPort = NetworkUInt16.ToNetwork(port) };
        if (entry == before)
        {
            return true;
        }

        maps[MapNames.Config].Update(in index, in entry);
        return false;
    }
}
