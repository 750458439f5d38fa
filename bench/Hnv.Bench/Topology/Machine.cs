using System.Net;
using System.Net.NetworkInformation;
using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>A host or VM: a network namespace with IPv6 off, so that nobody speaks unasked.</summary>
internal sealed class Machine : IDisposable
{
    private Machine(NetworkNamespace inside, Rtnetlink netlink)
    {
        Inside = inside;
        Netlink = netlink;
    }

    public NetworkNamespace Inside { get; }

    public Rtnetlink Netlink { get; }

    public string Name => Inside.Description;

    public static Machine Create(string name)
    {
        NetworkNamespace inside = NetworkNamespace.Create(name);
        try
        {
            inside.Run(() =>
            {
                Sysctl.Write("net/ipv6/conf/all/disable_ipv6", 1);
                Sysctl.Write("net/ipv6/conf/default/disable_ipv6", 1);
                Sysctl.Write("net/ipv4/conf/all/rp_filter", 0);
                Sysctl.Write("net/ipv4/conf/default/rp_filter", 0);
                Sysctl.Write("net/ipv4/tcp_no_metrics_save", 1); // What a connection learned of the path is not the next one's start.
            });
            var netlink = Rtnetlink.Of(inside);
            netlink.SetUp(netlink.GetLink("lo").Index);
            return new Machine(inside, netlink);
        }
        catch
        {
            NetworkNamespace.Delete(name);
            inside.Dispose();
            throw;
        }
    }

    public int IndexOf(string link) => Netlink.GetLink(link).Index;

    /// <summary>Sets an interface up and gives it an address.</summary>
    public void Configure(string link, IPAddress? address = null, int prefixLength = 24, PhysicalAddress? mac = null, int? mtu = null)
    {
        int index = IndexOf(link);
        Netlink.ChangeLink(index, new LinkChange { Mac = mac, Mtu = mtu });
        Netlink.SetUp(index);
        if (address is not null)
        {
            Netlink.AddAddress(index, address, prefixLength);
        }
    }

    /// <summary>Lets an interface have IPv6 addresses, usable at once: duplicate address detection would take a second.</summary>
    public void AllowIPv6(string link) => Inside.Run(() =>
    {
        Sysctl.Write($"net/ipv6/conf/{link}/disable_ipv6", 0);
        Sysctl.Write($"net/ipv6/conf/{link}/accept_dad", 0);
    });

    /// <summary>Switches offloads; those that the device does not have are passed over.</summary>
    public void SetFeatures(string link, bool on, params string[] features)
    {
        using var ethtool = Ethtool.Of(Inside);
        foreach (string feature in features)
        {
            try
            {
                ethtool.SetFeature(link, feature, on);
            }
            catch (LinuxException e) when (e.Errno is Errno.EOPNOTSUPP or Errno.EINVAL)
            {
                // Absent already, which is what "off" asks for.
                if (on)
                {
                    throw;
                }
            }
        }
    }

    public void Dispose()
    {
        Netlink.Dispose();
        NetworkNamespace.Delete(Name);
        Inside.Dispose();
    }
}
