using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;

namespace Hnv.Agent.Desired;

/// <summary>The provider addresses that policy gives this host, and which of them exist on an uplink.</summary>
internal sealed class OwnAddresses(IDesiredTable<KernelAddress, LocalPaEntry> table)
{
    private readonly Dictionary<IPAddress, ProviderAddressItem> _own = [];
    private readonly Dictionary<IPAddress, int> _present = [];

    public IReadOnlyCollection<ProviderAddressItem> All => _own.Values;

    public bool Contains(IPAddress address) => _own.ContainsKey(address);

    /// <summary>Policy gives the address to this host, or takes it (null).</summary>
    /// <returns>Whether it is this host's now and was not, or the reverse.</returns>
    public bool Change(IPAddress address, ProviderAddressItem? after)
    {
        bool was = _own.ContainsKey(address);
        if (after is null)
        {
            _own.Remove(address);
        }
        else
        {
            _own[address] = after;
        }

        Write(address);
        return was != after is not null;
    }

    /// <summary>Addresses that exist on the uplinks, with the interface index of each.</summary>
    public void SetPresent(IReadOnlyDictionary<IPAddress, int> present)
    {
        foreach (IPAddress gone in _present.Keys.Where(a => !present.ContainsKey(a)).ToArray())
        {
            _present.Remove(gone);
            Write(gone);
        }

        foreach ((IPAddress address, int uplink) in present)
        {
            if (!_present.TryGetValue(address, out int before) || before != uplink)
            {
                _present[address] = uplink;
                Write(address);
            }
        }
    }

    private void Write(IPAddress address)
    {
        var key = KernelAddress.From(address);
        if (_own.ContainsKey(address) && _present.TryGetValue(address, out int uplink))
        {
            table.Set(key, new LocalPaEntry((uint)uplink));
        }
        else
        {
            table.Remove(key);
        }
    }
}
