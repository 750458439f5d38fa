using Hnv.Linux.Bpf;

namespace Hnv.Datapath;

/// <summary>
/// Numbers in the pinned map <c>networks</c>. A released number is not given away before everything that bears it is out of the kernel:
/// <see cref="Confirm"/> says so.
/// </summary>
internal sealed class RoutingDomainNumbers : IRoutingDomains
{
    private readonly BpfMap _map;
    private readonly Dictionary<Guid, uint> _numbers = [];
    private readonly Dictionary<uint, Guid> _domains = [];
    private readonly HashSet<Guid> _claimed = [];
    private uint _last;

    public RoutingDomainNumbers(BpfMap map)
    {
        _map = map;
        foreach ((uint number, Guid domain) in map.ReadAll<uint, Guid>())
        {
            _numbers[domain] = number;
            _domains[number] = domain;
            _last = Math.Max(_last, number);
        }
    }

    public uint Number(Guid routingDomainId)
    {
        _claimed.Add(routingDomainId);
        if (_numbers.TryGetValue(routingDomainId, out uint known))
        {
            return known;
        }

        uint number = NextFree();
        try
        {
            _map.Update(in number, in routingDomainId, BpfUpdate.Create);
        }
        catch (BpfException failure)
        {
            throw new DataplaneException($"no number for routing domain {routingDomainId:B}: {_numbers.Count} of {_map.Info.MaxEntries} are in use ({failure.Errno}).", failure);
        }

        _last = number;
        _numbers.Add(routingDomainId, number);
        _domains.Add(number, routingDomainId);
        return number;
    }

    public void Release(Guid routingDomainId) => _claimed.Remove(routingDomainId);

    public Guid? Find(uint number) => _domains.TryGetValue(number, out Guid domain) ? domain : null;

    /// <summary>Everything that was to be removed from the kernel is: numbers that nobody claims and nobody bears are free.</summary>
    /// <param name="borne">Numbers that ports and subnets still bear.</param>
    public void Confirm(IReadOnlySet<uint> borne)
    {
        foreach ((Guid domain, uint number) in _numbers.Where(entry => !_claimed.Contains(entry.Key) && !borne.Contains(entry.Value)).ToArray())
        {
            _map.Delete(in number);
            _numbers.Remove(domain);
            _domains.Remove(number);
        }
    }

    /// <summary>Goes round, so a number rests as long as possible after its release.</summary>
    private uint NextFree()
    {
        uint number = _last;
        do
        {
            number = IRoutingDomains.IsDomain(number + 1) ? number + 1 : 1;
        }
        while (_domains.ContainsKey(number));
        return number;
    }
}
