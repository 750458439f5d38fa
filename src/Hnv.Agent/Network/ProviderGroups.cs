using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Desired;
using Hnv.Api.Stream;
using Hnv.Linux;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>
/// Membership in the multicast groups of the provider network to which subnets flood: an address of the uplink each, which stays when
/// the agent dies, and so does what IGMP or MLD tells the network. Joined at one uplink, that of the preferred provider address of the family, lest every
/// frame come twice.
/// </summary>
/// <remarks>Only groups with our <see cref="Protocol"/> are left again: what an administrator joined stays.</remarks>
internal sealed class ProviderGroups(INetworkView view, HostNetwork network, DesiredState desired)
{
    /// <summary>IFA_PROTO of our addresses: ASCII "H". The kernel knows 1 to 3, the others are free.</summary>
    public const byte Protocol = 0x48;

    private readonly List<string> _problems = [];

    /// <summary>What keeps groups from being joined or left, for people.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether an address is a membership of ours.</summary>
    public static bool IsOurs(AddressInfo address) => address.Protocol == Protocol && address.Flags.HasFlag(AddressFlags.AutoJoin);

    /// <summary>Joins what is needed and leaves what is not.</summary>
    /// <param name="mayLeave">False as long as what is found may be needed by what is not known yet.</param>
    /// <returns>False when not all of it could be done; try again.</returns>
    public bool Apply(bool mayLeave)
    {
        _problems.Clear();
        PeerWay? way4 = FindWay(AddressFamily.InterNetwork), way6 = FindWay(AddressFamily.InterNetworkV6);
        desired.SetGroupWay(AddressFamily.InterNetwork, way4);
        desired.SetGroupWay(AddressFamily.InterNetworkV6, way6);
        int? UplinkOf(IPAddress group) => (group.AddressFamily == AddressFamily.InterNetwork ? way4 : way6)?.Uplink;
        HashSet<IPAddress> joined = [];
        foreach (AddressInfo address in network.Groups().ToArray())
        {
            if (address.InterfaceIndex == UplinkOf(address.Address) && desired.Groups.Contains(address.Address))
            {
                joined.Add(address.Address);
            }
            else if (mayLeave)
            {
                Try(() => view.LeaveGroup(address.InterfaceIndex, address.Address), $"cannot leave {address.Address}", address.InterfaceIndex);
            }
        }

        foreach (IPAddress group in desired.Groups)
        {
            if (UplinkOf(group) is not { } index)
            {
                _problems.Add($"No uplink has a provider address of the family of {group}, to which subnets flood.");
            }
            else if (!joined.Contains(group))
            {
                Try(() => view.JoinGroup(index, group), $"cannot join {group}, to which subnets flood", index);
            }
        }

        return _problems.Count == 0;
    }

    private PeerWay? FindWay(AddressFamily family)
    {
        Dictionary<IPAddress, int> present = network.UplinkAddresses();
        ProviderAddressItem? preferred = desired.ProviderAddresses.Where(p => p.Address.AddressFamily == family && present.ContainsKey(p.Address)).MinBy(p => p.Preference);
        return preferred is not null && network.Links.TryGetValue(present[preferred.Address], out LinkInfo? link)
            ? new PeerWay(preferred.Address, link.Index, link.Mtu)
            : null;
    }

    private void Try(Action action, string what, int interfaceIndex)
    {
        try
        {
            action();
        }
        catch (NetlinkException e)
        {
            string where = network.Links.TryGetValue(interfaceIndex, out LinkInfo? link) ? link.Name : $"interface {interfaceIndex}";
            _problems.Add(e.Errno == Errno.ENOBUFS
                ? $"{where} {what}: the kernel allows no more groups; raise the limit with `sysctl -w net.ipv4.igmp_max_memberships=1000`."
                : $"{where} {what}: {e.Message}");
        }
    }
}
