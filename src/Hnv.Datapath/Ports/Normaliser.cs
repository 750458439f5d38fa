using System.Security.Cryptography;
using System.Text;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Ports;

/// <summary>
/// A veth pair through which decapsulated super-packets go on their way to a tap, because taking the outer header off in eBPF leaves
/// the skb marked as GRE GSO, and a tap would have the host cut it up in software:
/// <code>
///   uplink program ──redirect──► in  (no segmentation offload: cut into plain segments here)
///                                out (GRO: joined into plain super-packets) ──program──► tap
/// </code>
/// Made with the first port that needs it; stays, as ports do, when the agent goes.
/// </summary>
internal sealed class Normaliser(string directory, MapStore maps, Attachments attachments, DeviceBook devices, Rtnetlink route)
{
    /// <summary>Largest that veth takes: no port's MTU is larger, so no segment is refused here.</summary>
    private const int Mtu = 65_535;

    private readonly string _suffix = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(directory))))[..8];
    private bool _ensured;

    /// <summary>Names have 15 characters at most and tell data planes of one host apart.</summary>
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
            SetOffloads();
            foreach (LinkInfo end in (ReadOnlySpan<LinkInfo>)[input, output])
            {
                Sysctl.Write($"net/ipv4/conf/{end.Name}/arp_ignore", 8);
                if (Sysctl.Exists($"net/ipv6/conf/{end.Name}/disable_ipv6"))
                {
                    Sysctl.Write($"net/ipv6/conf/{end.Name}/disable_ipv6", 1);
                }
            }

            devices.EnsureQdisc(output.Index);
            attachments.Ensure(output.Index, TcDirection.Ingress, ProgramNames.Normaliser);
            route.SetUp(input.Index);
            route.SetUp(output.Index);
            SetConfig((uint)input.Index, (uint)output.Index);
        }
        catch (Exception failure) when (failure is LinuxException or IOException)
        {
            throw new DataplaneException($"the normaliser pair {In}/{Out}, which taps need, cannot be made: {failure.Message}", failure);
        }

        _ensured = true;
    }

    /// <summary>The numbers in the configuration are those of the pair that stands, or none.</summary>
    public void Adopt()
    {
        LinkInfo? input = route.FindLink(In), output = route.FindLink(Out);
        if (input is not null && output is not null)
        {
            Ensure();
        }
        else
        {
            SetConfig(0, 0);
        }
    }

    /// <summary>Makes the pair anew when somebody deleted it; until then taps are served without it.</summary>
    public void Repair()
    {
        if (_ensured && route.FindLink(In) is null)
        {
            SetConfig(0, 0);
            _ensured = false;
            Ensure();
        }
    }

    /// <returns>False when there was none.</returns>
    public bool Remove()
    {
        SetConfig(0, 0);
        _ensured = false;
        return route.FindLink(In) is { } input && route.DeleteLink(input.Index);
    }

    private void SetOffloads()
    {
        using var ethtool = new Ethtool();
        ethtool.SetFeatures(In, new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["tcp-segmentation-offload"] = false,
            ["tx-gre-segmentation"] = false,
            ["tx-gre-csum-segmentation"] = false,
        });
        ethtool.SetFeature(Out, "generic-receive-offload", true);
    }

    private void SetConfig(uint input, uint output)
    {
        BpfMap config = maps[MapNames.Config];
        uint index = 0;
        var entry = new ConfigEntry(Layout.Version, input, output, 0);
        if (!config.TryLookup(in index, out ConfigEntry before) || before != entry)
        {
            config.Update(in index, in entry);
        }
    }
}
