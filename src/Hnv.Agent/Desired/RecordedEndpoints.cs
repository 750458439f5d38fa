using System.Net;
using Hnv.Api.Stream;

namespace Hnv.Agent.Desired;

/// <summary>
/// The provider addresses that explicit records name in each subnet. An adapter that no port of the cloud has, behind a third party's endpoint as a rule, takes
/// part in its subnet as any other: what floods goes to it, too. Every network's word counts here, also while two speak for a key.
/// </summary>
internal sealed class RecordedEndpoints
{
    private readonly Dictionary<uint, Dictionary<IPAddress, int>> _subnets = [];

    /// <summary>A record came (1) or went (-1); null is none.</summary>
    /// <returns>The address that is named in the record's subnet now and was not before, or the other way round; null when neither.</returns>
    public IPAddress? Count(RecordItem? record, int by)
    {
        if (record is not { Port: null, Unusable: false, ProviderAddress: { } address })
        {
            return null;
        }

        if (!_subnets.TryGetValue(record.Vsid, out Dictionary<IPAddress, int>? counts))
        {
            _subnets.Add(record.Vsid, counts = []);
        }

        int before = counts.GetValueOrDefault(address);
        counts[address] = before + by;
        if (counts[address] == 0)
        {
            counts.Remove(address);
            if (counts.Count == 0)
            {
                _subnets.Remove(record.Vsid);
            }
        }

        return before == 0 || before + by == 0 ? address : null;
    }

    public bool Contains(uint vsid, IPAddress address) => _subnets.TryGetValue(vsid, out Dictionary<IPAddress, int>? counts) && counts.ContainsKey(address);

    /// <summary>Those of a subnet, at this moment.</summary>
    public IPAddress[] Of(uint vsid) => _subnets.TryGetValue(vsid, out Dictionary<IPAddress, int>? counts) ? [.. counts.Keys] : [];

    /// <summary>Subnets in which an address is named, at this moment.</summary>
    public uint[] SubnetsOf(IPAddress address) => [.. _subnets.Where(s => s.Value.ContainsKey(address)).Select(static s => s.Key)];
}
