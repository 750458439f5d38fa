using System.Net;
using System.Net.NetworkInformation;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>
/// A veth pair by which decapsulated super-packets go on their way to a tap, because taking the outer header off in eBPF leaves
/// the skb marked as GRE GSO, and a tap would have the host cut it up in software. Where the kernel has segment routing, it takes the mark away:
/// <code>
///   uplink program, wraps in IPv6 ──redirect──► out, ingress: IPv6 input ──► route: End.DX2 ──► out, egress: program ──► tap
/// </code>
/// Elsewhere segments are cut and merged again:
/// <code>
///   uplink program ──redirect──► in  (no segmentation offload: cut into plain segments here)
///                                out (GRO: joined into plain super-packets) ──program──► tap
/// </code>
/// Made with the first port that needs it; stays, as ports do, when the agent goes.
/// </summary>
/// <param name="unwrapping">False: as on a kernel without segment routing.</param>
internal sealed class Normaliser(string directory, MapStore maps, Attachments attachments, DeviceBook devices, Rtnetlink route, bool unwrapping)
{
    /// <summary>Largest that veth takes: no port's MTU is larger, so no segment is refused here.</summary>
    private const int Mtu = 65_535;

    private static readonly ConfigEntry s_none = new(Layout.Version, 0, 0, ConfigFlags.None);

    /// <summary>HNV_NORMALISER_MAC and HNV_NORMALISER_PREFIX of the programs.</summary>
    private static readonly PhysicalAddress s_mac = PhysicalAddress.Parse("02-48-00-00-00-00");
    private static readonly IPNetwork s_unwraps = IPNetwork.Parse("fd48:4e56::1/128");
    private static readonly IPNetwork s_wraps = IPNetwork.Parse("fd48:4e56::2/128");

    private readonly string _suffix = DeviceNames.SuffixOf(directory);
    private bool _ensured;

    public string In => $"hnvn{_suffix}i";

    public string Out => $"hnvn{_suffix}o";

    public void Ensure()
    {
        if (_ensured)
        {
            return;
        }

        try
        {
            LinkInfo input = route.FindLink(In) ?? route.CreateVeth(new VethSpec(In, Out) { Mtu = Mtu });
            LinkInfo output = route.GetLink(Out);
            Silence(In);
            Silence(Out);
            devices.EnsureQdisc(output.Index);
            route.SetUp(input.Index);
            route.SetUp(output.Index);
            SetConfig(unwrapping && TryUnwrap(output.Index) ? Unwrap(output.Index) : Segment(input.Index, output.Index));
        }
        catch (Exception failure) when (failure is LinuxException or IOException)
        {
            throw new DataplaneException($"the normaliser pair {In}/{Out}, which taps need, cannot be made: {failure.Message}", failure);
        }

        _ensured = true;
    }

    /// <summary>Whether frames come through whole, by segment routing; of one that does not stand yet, whether they will.</summary>
    public bool Unwraps => ReadConfig() is { NormaliserIn: not 0 } config ? config.Flags.HasFlag(ConfigFlags.Unwrap) : unwrapping;

    /// <summary>The numbers in the configuration are those of the pair that stands, or none.</summary>
    public void Adopt()
    {
        if (route.FindLink(In) is not null && route.FindLink(Out) is not null)
        {
            Ensure();
        }
        else
        {
            SetConfig(s_none);
        }
    }

    /// <summary>
    /// Makes the pair anew when somebody deleted it, and puts right what somebody set for all interfaces; until then taps are served without it.
    /// </summary>
    public void Repair()
    {
        if (!_ensured)
        {
            return;
        }

        if (route.FindLink(In) is null)
        {
            SetConfig(s_none);
            _ensured = false;
        }
        else if (ReadConfig() is { } config && config.Flags.HasFlag(ConfigFlags.Unwrap) && Sysctl.Read($"net/ipv6/conf/{Out}/disable_ipv6") != "0")
        {
            _ensured = false; // Which took the route along, too.
        }

        Ensure();
    }

    /// <returns>False when there was none.</returns>
    public bool Remove()
    {
        SetConfig(s_none);
        _ensured = false;
        return route.FindLink(In) is { } input && route.DeleteLink(input.Index);
    }

    /// <summary>The host's own stack neither speaks nor answers there.</summary>
    internal static void Silence(string name)
    {
        Sysctl.Write($"net/ipv4/conf/{name}/arp_ignore", 8);
        string six = $"net/ipv6/conf/{name}";
        if (Sysctl.Exists($"{six}/disable_ipv6"))
        {
            Sysctl.Write($"{six}/addr_gen_mode", 1); // No link-local address.
            Sysctl.Write($"{six}/accept_ra", 0);
            Sysctl.Write($"{six}/forwarding", 0);
        }
    }

    /// <returns>False when this kernel has no segment routing.</returns>
    private bool TryUnwrap(int output)
    {
        string disable = $"net/ipv6/conf/{Out}/disable_ipv6";
        if (!Sysctl.Exists(disable))
        {
            return false;
        }

        Sysctl.Write(disable, 0);
        route.ChangeLink(output, new LinkChange { Mac = s_mac });
        try
        {
            route.ReplaceRoute(new RouteSpec(s_unwraps) { InterfaceIndex = output, DecapsulateTo = output });
        }
        catch (NetlinkException failure) when (failure.Errno == Errno.EOPNOTSUPP)
        {
            return false;
        }

        // Firewalls that look for a way back to the sender find one.
        route.ReplaceRoute(new RouteSpec(s_wraps) { InterfaceIndex = output });
        return true;
    }

    private ConfigEntry Unwrap(int output)
    {
        if (attachments.Find(output, TcDirection.Ingress) is not null)
        {
            SetConfig(s_none); // It segmented until now.
            attachments.Remove(output, TcDirection.Ingress);
        }

        attachments.Ensure(output, TcDirection.Egress, ProgramNames.NormaliserExit);
        return new ConfigEntry(Layout.Version, (uint)output, (uint)output, ConfigFlags.Unwrap);
    }

    private ConfigEntry Segment(int input, int output)
    {
        if (Sysctl.Exists($"net/ipv6/conf/{Out}/disable_ipv6"))
        {
            Sysctl.Write($"net/ipv6/conf/{Out}/disable_ipv6", 1);
        }

        using var ethtool = new Ethtool();
        ethtool.SetFeatures(In, new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["tcp-segmentation-offload"] = false,
            ["tx-gre-segmentation"] = false,
            ["tx-gre-csum-segmentation"] = false,
            ["tx-udp_tnl-segmentation"] = false,
            ["tx-udp_tnl-csum-segmentation"] = false,
        });
        ethtool.SetFeature(Out, "generic-receive-offload", true);
        attachments.Ensure(output, TcDirection.Ingress, ProgramNames.Normaliser);
        return new ConfigEntry(Layout.Version, (uint)input, (uint)output, ConfigFlags.None);
    }

    private ConfigEntry? ReadConfig()
    {
        uint index = 0;
        return maps[MapNames.Config].TryLookup(in index, out ConfigEntry entry) ? entry : null;
    }

    private void SetConfig(ConfigEntry entry)
    {
        ConfigEntry? before = ReadConfig();
        // Not the normaliser's to change.
        entry = entry with { VxlanPort = before?.VxlanPort ?? default, Flags = entry.Flags | ((before?.Flags ?? default) & ConfigFlags.VxlanShared) };
        if (before != entry)
        {
            uint index = 0;
            maps[MapNames.Config].Update(in index, in entry);
        }
    }
}
