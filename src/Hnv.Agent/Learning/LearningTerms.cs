using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Ports;
using Hnv.Agent.Sync;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Resources;

namespace Hnv.Agent.Learning;

/// <summary>A virtual subnet, as far as learning goes.</summary>
/// <param name="Network">Routing domain identifier.</param>
/// <param name="Age">Without a proof for so long an address is forgotten.</param>
/// <param name="Gateway6">Whom neighbour solicitations are from; null without an IPv6 prefix.</param>
/// <param name="Epoch">Of what is learned from now on.</param>
/// <param name="Forgotten">What was learned before and is not so any more.</param>
internal sealed record SubnetTerms(Guid Network, TimeSpan Age, IPAddress? Gateway6, uint Epoch, ImmutableArray<ForgottenItem> Forgotten)
{
    /// <summary>Whether that is forgotten which a port holds with a version of that epoch; of other hosts' ports the name is not known.</summary>
    public bool HasForgotten(IPAddress address, string? port, uint epoch) =>
        epoch < Epoch && Forgotten.Any(f => epoch < f.Epoch && (f.Address is null || f.Address.Equals(address)) && (f.Port is null || f.Port == port));
}

/// <summary>What policy says of the networks and ports on this host, as far as learning goes.</summary>
internal sealed class LearningTerms
{
    private readonly Dictionary<uint, SubnetTerms> _subnets = [];
    private readonly HashSet<string> _learners = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, HashSet<string>> _ports = [];
    private Dictionary<uint, PortState> _byNumber = [];
    private Dictionary<string, PortState> _byName = new(StringComparer.Ordinal);

    /// <summary>Networks that are present here.</summary>
    public HashSet<Guid> Networks { get; } = [];

    /// <summary>This host's own provider addresses.</summary>
    public HashSet<IPAddress> OwnAddresses { get; } = [];

    /// <summary>Of the two addresses of another host the one by which this host knows it: IPv4 where both have it, else IPv6 (Host.Family).</summary>
    public IPAddress Choose(IPAddress address, IPAddress? address6) =>
        address6 is null || OwnAddresses.Count == 0 || OwnAddresses.Any(static a => a.AddressFamily == AddressFamily.InterNetwork) ? address : address6;

    /// <summary>Whether this host has an address of the family: without one it has no way there.</summary>
    public bool HasFamilyOf(KernelAddress address) => OwnAddresses.Count == 0 || OwnAddresses.Any(a => a.AddressFamily == address.ToIPAddress()?.AddressFamily);

    /// <summary>A controller's bookmark was heard: what is not here is not policy.</summary>
    public bool IsInSync { get; private set; }

    /// <summary>Virtual subnets that left; everything learned there is to be forgotten.</summary>
    public List<uint> Gone { get; } = [];

    /// <summary>Virtual subnets that forgot something, and where that has not been seen to: the kernel learns in the new epoch first.</summary>
    public HashSet<uint> Forgetting { get; } = [];

    public void OnUpdate(HeldPolicyChange change)
    {
        switch (change)
        {
            case NetworkChanged changed when changed.Policy.Network == HostScope.Id:
                OwnAddresses.Clear();
                OwnAddresses.UnionWith(changed.Policy.Items.Values.OfType<ProviderAddressItem>().Select(static p => p.Address));
                break;
            case NetworkChanged changed:
                if (Networks.Add(changed.Policy.Network))
                {
                    _ports.Add(changed.Policy.Network, new HashSet<string>(StringComparer.Ordinal));
                }

                foreach (ItemChange item in changed.Changes)
                {
                    Take(changed.Policy.Network, item);
                }

                break;
            case NetworkDetached detached:
                Networks.Remove(detached.Policy.Network);
                _ports.Remove(detached.Policy.Network);
                foreach (PortItem port in detached.Policy.Items.Values.OfType<PortItem>())
                {
                    _learners.Remove(port.Name);
                }

                foreach (SubnetItem subnet in detached.Policy.Items.Values.OfType<SubnetItem>())
                {
                    Drop(detached.Policy.Network, subnet.Vsid);
                }

                break;
            case BookmarkReached:
                IsInSync = true;
                break;
        }
    }

    public void OnPorts(IEnumerable<PortState> ports)
    {
        _byNumber = [];
        _byName = new Dictionary<string, PortState>(StringComparer.Ordinal);
        foreach (PortState port in ports)
        {
            _byNumber[port.Number] = port;
            _byName[port.Name] = port;
        }
    }

    public IEnumerable<uint> SubnetsOf(Guid network) => _subnets.Where(s => s.Value.Network == network).Select(static s => s.Key);

    public bool TryGetSubnet(uint vsid, [NotNullWhen(true)] out SubnetTerms? subnet) => _subnets.TryGetValue(vsid, out subnet);

    public PortState? PortOf(uint number) => _byNumber.GetValueOrDefault(number);

    public PortState? PortOf(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// Whether every port that policy has there was seen to, bound or not. Before that an entry of an unknown port may be one of a
    /// restarted agent's own.
    /// </summary>
    public bool IsSettled(Guid network) => IsInSync && _ports.TryGetValue(network, out HashSet<string>? names) && names.All(_byName.ContainsKey);

    /// <summary>Whether policy lets a port learn.</summary>
    public bool Learns(PortState port) => _learners.Contains(port.Name);

    private void Take(Guid network, ItemChange item)
    {
        if (item.After is SubnetItem subnet)
        {
            if (subnet.Forgotten is { } forgotten && !(item.Before is SubnetItem before && forgotten.Equals(before.Forgotten)))
            {
                Forgetting.Add(subnet.Vsid);
            }

            _subnets[subnet.Vsid] = new SubnetTerms(
                network, TimeSpan.FromSeconds(subnet.LearningAge ?? VirtualSubnet.DefaultLearningAge), subnet.Gateway6, subnet.LearningEpoch, subnet.Forgotten?.Entries ?? []);
        }
        else if (item.Before is SubnetItem gone)
        {
            Drop(network, gone.Vsid);
        }
        else if (item.After is PortItem port)
        {
            _ports[network].Add(port.Name);
            if (port.LearnLimit > 0)
            {
                _learners.Add(port.Name);
            }
            else
            {
                _learners.Remove(port.Name);
            }
        }
        else if (item.Before is PortItem former)
        {
            _ports[network].Remove(former.Name);
            _learners.Remove(former.Name);
        }
    }

    /// <summary>While a subnet moves between networks the new one may come before the old one goes.</summary>
    private void Drop(Guid network, uint vsid)
    {
        if (_subnets.TryGetValue(vsid, out SubnetTerms? terms) && terms.Network == network)
        {
            _subnets.Remove(vsid);
            Forgetting.Remove(vsid);
            Gone.Add(vsid);
        }
    }
}
