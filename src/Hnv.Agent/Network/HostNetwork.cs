using System.Net;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>
/// Mirror of the host's interfaces and addresses, kept by events. Says which interface names an event concerns, and whether the
/// uplinks are among them.
/// </summary>
internal sealed class HostNetwork(IReadOnlyCollection<string> uplinkNames)
{
    private readonly Dictionary<int, LinkInfo> _links = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<AddressInfo>> _addresses = [];
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    private readonly HashSet<int> _deleted = [];

    /// <summary>What policy says of provider addresses; one that is elsewhere than it says is left out of <see cref="UplinkAddresses"/>.</summary>
    public IReadOnlyCollection<ProviderAddressItem> PolicyAddresses { get; set; } = [];

    /// <summary>Every interface, by index.</summary>
    public IReadOnlyDictionary<int, LinkInfo> Links => _links;

    /// <summary>The uplinks that exist.</summary>
    public IEnumerable<LinkInfo> Uplinks => uplinkNames.Select(Find).OfType<LinkInfo>();

    /// <summary>Names of uplinks that do not exist.</summary>
    public IEnumerable<string> MissingUplinks => uplinkNames.Where(u => Find(u) is null);

    public LinkInfo? Find(string name) => _names.TryGetValue(name, out int index) ? _links[index] : null;

    public bool IsUplink(string name) => uplinkNames.Contains(name);

    /// <summary>Names of interfaces of which something changed since the last call.</summary>
    public string[] TakeChanged()
    {
        string[] changed = [.. _changed];
        _changed.Clear();
        return changed;
    }

    /// <summary>
    /// Indexes of interfaces that were deleted or moved away since the last call, even when one of the same index is there again: it
    /// came without what was attached to the old one.
    /// </summary>
    public int[] TakeDeleted()
    {
        int[] deleted = [.. _deleted];
        _deleted.Clear();
        return deleted;
    }

    /// <summary>Takes an event in.</summary>
    public void OnUpdate(NetworkEvent e)
    {
        switch (e)
        {
            case NetworkEvent.LinkChanged changed:
                Put(changed.Link);
                break;
            case NetworkEvent.LinkDeleted deleted:
                Remove(deleted.Index);
                break;
            case NetworkEvent.AddressChanged address:
                Change(address.Address, address.Deleted);
                break;
        }
    }

    /// <summary>Starts over from what is there now; only what differs counts as changed.</summary>
    public void Relist(INetworkView view)
    {
        // Addresses after links: an address of an interface that came between is then of an unknown interface, and its event follows.
        IReadOnlyList<LinkInfo> links = view.GetLinks();
        IReadOnlyList<AddressInfo> addresses = view.GetAddresses();
        var present = links.Select(l => l.Index).ToHashSet();
        foreach (int gone in _links.Keys.Where(i => !present.Contains(i)).ToArray())
        {
            Remove(gone);
        }

        foreach (LinkInfo link in links)
        {
            Put(link);
        }

        var now = addresses.ToHashSet();
        foreach (AddressInfo gone in _addresses.Values.SelectMany(a => a).Where(a => !now.Contains(a)).ToArray())
        {
            Change(gone, deleted: true);
        }

        foreach (AddressInfo address in addresses)
        {
            Change(address, deleted: false);
        }
    }

    /// <summary>Index of the VRF that an interface belongs to; null: none.</summary>
    public int? VrfOf(int index) =>
        _links.TryGetValue(index, out LinkInfo? link) && link.Master is { } master && _links.TryGetValue(master, out LinkInfo? owner) && owner.Kind == "vrf" ? master : null;

    /// <summary>Addresses that can be sent from and received at now, on the uplinks: address → interface index.</summary>
    public Dictionary<IPAddress, int> UplinkAddresses()
    {
        var result = new Dictionary<IPAddress, int>();
        foreach ((AddressInfo address, LinkInfo uplink) in UsableAddresses())
        {
            result.TryAdd(address.Address, uplink.Index);
        }

        return result;
    }

    /// <summary>The same, with prefix length and uplink.</summary>
    public IEnumerable<(AddressInfo Address, LinkInfo Uplink)> UsableAddresses() =>
        from uplink in Uplinks
        from address in AddressesOf(uplink.Index)
        where (address.Flags & (AddressFlags.Tentative | AddressFlags.DuplicateDetectionFailed)) == AddressFlags.None
            && !PolicyAddresses.Any(s => s.Address.Equals(address.Address) && ProviderAddressStates.WhyNotUsed(s, uplink) is not null)
        select (address, uplink);

    /// <summary>Where among the uplinks an address is, usable or not.</summary>
    public IEnumerable<(AddressInfo Address, LinkInfo Uplink)> UplinkAddressesOf(IPAddress address) =>
        from uplink in Uplinks
        from found in AddressesOf(uplink.Index)
        where found.Address.Equals(address)
        select (found, uplink);

    /// <summary>Our memberships in multicast groups, whatever the interface.</summary>
    public IEnumerable<AddressInfo> Groups() => _addresses.Values.SelectMany(static a => a).Where(ProviderGroups.IsOurs);

    /// <summary>Why a port cannot be bound at the interface; null when it can.</summary>
    public string? WhyNotAPort(LinkInfo link)
    {
        if (IsUplink(link.Name))
        {
            return $"{link.Name} is an uplink";
        }

        if (link.Flags.HasFlag(LinkFlags.Loopback) || link.Mac is null)
        {
            return $"{link.Name} is not an Ethernet interface";
        }

        if (link.Master is { } master and not 0)
        {
            return $"{link.Name} is a member of {(_links.TryGetValue(master, out LinkInfo? bridge) ? bridge.Name : $"interface {master}")}; take it out with `ip link set {link.Name} nomaster`";
        }

        if (link.Kind == "bridge")
        {
            return $"{link.Name} is a bridge";
        }

        AddressInfo? own = AddressesOf(link.Index).FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetwork || !a.Address.IsIPv6LinkLocal);
        return own is null ? null : $"this host itself has the address {own.Address} on {link.Name}; remove it with `ip address del {own.Address}/{own.PrefixLength} dev {link.Name}`";
    }

    private List<AddressInfo> AddressesOf(int index) => _addresses.TryGetValue(index, out List<AddressInfo>? list) ? list : [];

    private void Put(LinkInfo link)
    {
        if (_links.TryGetValue(link.Index, out LinkInfo? before))
        {
            if (before == link)
            {
                return;
            }

            Unname(before);
        }

        _links[link.Index] = link;
        _names[link.Name] = link.Index;
        _changed.Add(link.Name);
    }

    private void Remove(int index)
    {
        _addresses.Remove(index);
        if (_links.Remove(index, out LinkInfo? before))
        {
            Unname(before);
            _deleted.Add(index);
        }
    }

    private void Unname(LinkInfo before)
    {
        // The name may belong to another interface already: deleted and made anew between two messages.
        if (_names.TryGetValue(before.Name, out int holder) && holder == before.Index)
        {
            _names.Remove(before.Name);
        }

        _changed.Add(before.Name);
    }

    private void Change(AddressInfo address, bool deleted)
    {
        if (!_addresses.TryGetValue(address.InterfaceIndex, out List<AddressInfo>? list))
        {
            if (deleted)
            {
                return;
            }

            _addresses.Add(address.InterfaceIndex, list = []);
        }

        if (!deleted && list.Contains(address))
        {
            return;
        }

        list.RemoveAll(a => a.Address.Equals(address.Address) && a.PrefixLength == address.PrefixLength);
        if (!deleted)
        {
            list.Add(address);
        }

        if (list.Count == 0)
        {
            _addresses.Remove(address.InterfaceIndex);
        }

        // A group of ours is nothing to send from, so no way depends on it.
        if (!ProviderGroups.IsOurs(address) && _links.TryGetValue(address.InterfaceIndex, out LinkInfo? link))
        {
            _changed.Add(link.Name);
        }
    }
}
