using System.Net;
using Hnv.Api.Stream;

namespace Hnv.Agent.Sync;

/// <summary>
/// Makes items cheap to keep: every provider address and port name is held once, and no customer address keeps its text
/// (<see cref="IPAddress"/> remembers it after the first formatting).
/// </summary>
internal sealed class ItemInterner
{
    // Bounded, because names come and go for years: beyond the limit a pool starts afresh, and sharing is lost for what is already held.
    private const int Limit = 1_000_000;

    private readonly Dictionary<IPAddress, IPAddress> _addresses = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>An equal item.</summary>
    public PolicyItem Intern(PolicyItem item) => item switch
    {
        RecordItem r => r with { CustomerAddress = Bare(r.CustomerAddress), ProviderAddress = Pool(r.ProviderAddress), Port = Pool(r.Port) },
        PortItem p => p with { Name = Pool(p.Name)! },
        MemberItem m => m with { ProviderAddress = Pool(m.ProviderAddress), Port = Pool(m.Port)! },
        PeerItem p => p with { ProviderAddress = Pool(p.ProviderAddress)! },
        _ => item,
    };

    private static IPAddress Bare(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return new IPAddress(bytes[..length]);
    }

    private IPAddress? Pool(IPAddress? address)
    {
        if (address is null)
        {
            return null;
        }

        if (!_addresses.TryGetValue(address, out IPAddress? known))
        {
            if (_addresses.Count >= Limit)
            {
                _addresses.Clear();
            }

            known = Bare(address);
            _addresses.Add(known, known);
        }

        return known;
    }

    private string? Pool(string? name)
    {
        if (name is null)
        {
            return null;
        }

        if (!_names.TryGetValue(name, out string? known))
        {
            if (_names.Count >= Limit)
            {
                _names.Clear();
            }

            known = name;
            _names.Add(known, known);
        }

        return known;
    }
}
