using System.Diagnostics.CodeAnalysis;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Learning;

/// <summary>Who has an address on another host, as the controller says.</summary>
internal readonly record struct RemoteEntry(KernelMac Mac, KernelAddress Pa, uint Epoch, uint Counter)
{
    public ulong Version => ((ulong)Epoch << 32) | Counter;

    /// <summary>As it stands in the map.</summary>
    /// <param name="now">CLOCK_BOOTTIME, nanoseconds.</param>
    public LearnedEntry ToLearned(ulong now) => default(LearnedEntry) with
    {
        Record = new RecordEntry(Mac, RecordKind.Dynamic, RecordFlags.None, Pa, 0), SeenNs = now, Epoch = Epoch, Counter = Counter, Source = LearnSource.Controller,
    };
}

/// <summary>
/// What the controller said of other hosts. The map cannot hold it alone: where a VM of this host claims an address that another host
/// has, the map has room for one of both.
/// </summary>
internal sealed class RemoteBook
{
    private readonly Dictionary<RecordKey, RemoteEntry> _entries = [];
    private readonly Dictionary<(uint Vsid, KernelAddress Pa), HashSet<RecordKey>> _places = [];
    private readonly Dictionary<(Guid Network, KernelAddress Pa), HashSet<RecordKey>> _sections = [];

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<RecordKey, RemoteEntry>> All => _entries;

    public bool TryGet(RecordKey key, [NotNullWhen(true)] out RemoteEntry? entry)
    {
        bool found = _entries.TryGetValue(key, out RemoteEntry known);
        entry = found ? known : null;
        return found;
    }

    public void Set(RecordKey key, RemoteEntry entry)
    {
        Remove(key);
        _entries.Add(key, entry);
        (uint, KernelAddress) place = (key.Vsid.ToHost(), entry.Pa);
        if (!_places.TryGetValue(place, out HashSet<RecordKey>? keys))
        {
            _places.Add(place, keys = []);
        }

        keys.Add(key);
    }

    public bool Remove(RecordKey key)
    {
        if (!_entries.Remove(key, out RemoteEntry before))
        {
            return false;
        }

        (uint, KernelAddress) place = (key.Vsid.ToHost(), before.Pa);
        if (_places.TryGetValue(place, out HashSet<RecordKey>? keys) && keys.Remove(key) && keys.Count == 0)
        {
            _places.Remove(place);
        }

        return true;
    }

    /// <summary>A part of all that is known of a host in a network.</summary>
    public void Name(Guid network, KernelAddress pa, IEnumerable<RecordKey> keys)
    {
        if (!_sections.TryGetValue((network, pa), out HashSet<RecordKey>? named))
        {
            _sections.Add((network, pa), named = []);
        }

        named.UnionWith(keys);
    }

    /// <summary>It was the last part: what it did not name of that host, in those subnets.</summary>
    public RecordKey[] TakeUnnamed(Guid network, KernelAddress pa, IEnumerable<uint> vsids)
    {
        _sections.Remove((network, pa), out HashSet<RecordKey>? named);
        return [.. vsids.SelectMany(v => _places.GetValueOrDefault((v, pa)) ?? []).Where(k => named?.Contains(k) != true)];
    }

    /// <summary>A new connection: parts of before are void.</summary>
    public void ForgetSections() => _sections.Clear();
}
