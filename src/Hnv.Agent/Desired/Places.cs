using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Desired;

/// <summary>Where what policy names is: at a port that is bound here, on another host, or nowhere. Reads what the networks say; knows which ports are bound.</summary>
internal sealed class Places(
    OwnAddresses own, Claims<string, PortItem> ports, Claims<MacKey, MoveItem> moves, Claims<MacKey, MemberItem> members, SmallIndex<MacKey, PolicyItem> adapters)
{
    private readonly Dictionary<string, BoundAt> _bound = new(StringComparer.Ordinal);
    private HashSet<MacKey> _activated = [];

    /// <summary>Adapters that were heard at the ports prepared for them here.</summary>
    /// <returns>Those of which that is news.</returns>
    public IReadOnlyCollection<MacKey> SetActivated(IEnumerable<MacKey> activated)
    {
        HashSet<MacKey> before = _activated;
        _activated = [.. activated];
        before.SymmetricExceptWith(_activated);
        return before;
    }

    /// <summary>A port is bound at an interface, or not any more (null).</summary>
    /// <returns>Whether that is another one than before.</returns>
    public bool SetBound(string name, BoundAt? bound)
    {
        _bound.TryGetValue(name, out BoundAt? before);
        if (before == bound)
        {
            return false;
        }

        if (bound is null)
        {
            _bound.Remove(name);
        }
        else
        {
            _bound[name] = bound;
        }

        return true;
    }

    /// <summary>
    /// Where a record leads: the port where it is bound here, else another host; null when neither. An explicit record with a provider
    /// address of this host leads to the port here that has its MAC.
    /// </summary>
    public LocationEntry? Locate(RecordItem record)
    {
        if (record.Port is not null && InterfaceHere(record.Port, record.Vsid) is { } index)
        {
            return LocationEntry.Local(index);
        }

        if (record.ProviderAddress is not { } pa)
        {
            return null;
        }

        var adapter = new MacKey(record.Vsid, record.Mac);
        return !own.Contains(pa) ? LocationEntry.Remote(pa) : record.Port is null ? LocatePort(adapter) : LocateMove(adapter, record.Port);
    }

    /// <summary>An adapter that left its interface here and is about to move will come up there.</summary>
    private LocationEntry? LocateMove(MacKey key, string port) =>
        moves.TryGet(key, out Claims<MacKey, MoveItem>.Claim move) && move.Item.Port == port && !own.Contains(move.Item.To) ? LocationEntry.Remote(move.Item.To) : null;

    /// <summary>The interface of a port that policy has here now; null also of one that is only prepared.</summary>
    private int? InterfaceHere(string port, uint vsid) => ports.TryGet(port, out Claims<string, PortItem>.Claim claim) && !claim.Item.Prepared ? InterfaceOf(port, vsid) : null;

    /// <summary>The interface that a port is bound at.</summary>
    public int? InterfaceOf(string port, uint vsid) => _bound.TryGetValue(port, out BoundAt? bound) && bound.Vsid == vsid ? bound.InterfaceIndex : null;

    /// <summary>Where a member is: the port where it is bound here, else another host; null when neither.</summary>
    public LocationEntry? Locate(MemberItem member) =>
        InterfaceHere(member.Port, member.Vsid) is { } index ? LocationEntry.Local(index)
        : member.ProviderAddress is not { } pa ? null
        : !own.Contains(pa) ? LocationEntry.Remote(pa)
        : LocateMove(new MacKey(member.Vsid, member.Mac), member.Port);

    /// <summary>
    /// Where else a member gets what floods while its adapter moves: at the host that it moves to; and there at the prepared port, but not before the VM was
    /// heard at it, for a tap would keep all of that until its queue is full.
    /// </summary>
    public LocationEntry? LocateDestination(MemberItem member)
    {
        var key = new MacKey(member.Vsid, member.Mac);
        if (!moves.TryGet(key, out Claims<MacKey, MoveItem>.Claim move) || move.Item.Port != member.Port)
        {
            return null;
        }

        return !own.Contains(move.Item.To) ? LocationEntry.Remote(move.Item.To)
            : _activated.Contains(key) && InterfaceOf(member.Port, member.Vsid) is { } index ? LocationEntry.Local(index)
            : null;
    }

    /// <summary>The port bound here that has an adapter's MAC, the first by name.</summary>
    private LocationEntry? LocatePort(MacKey key)
    {
        LocationEntry? place = null;
        string? name = null;
        foreach (PolicyItem item in adapters[key])
        {
            if (item is PortItem { Prepared: false } port && IsWinner(port) && _bound.TryGetValue(port.Name, out BoundAt? bound) && bound.Vsid == port.Vsid
                && (name is null || string.CompareOrdinal(port.Name, name) < 0))
            {
                name = port.Name;
                place = LocationEntry.Local(bound.InterfaceIndex);
            }
        }

        return place;
    }

    /// <summary>
    /// Where an adapter is: a port bound here first, then a usable record that is local, then the remote one that ranks first by type
    /// and address, then what a member says; so that the answer does not depend on the order in which they came.
    /// </summary>
    public LocationEntry? LocateAdapter(MacKey key)
    {
        if (LocatePort(key) is { } port)
        {
            return port;
        }

        LocationEntry? best = null;
        RecordItem? by = null;
        foreach (PolicyItem item in adapters[key])
        {
            if (item is RecordItem { Unusable: false } record && Locate(record) is { } place && (by is null || Rank(record, place, by, best!.Value) < 0))
            {
                by = record;
                best = place;
            }
        }

        return best ?? (members.TryGet(key, out Claims<MacKey, MemberItem>.Claim member) ? Locate(member.Item) : null);
    }

    /// <summary>Whether this is the port that counts, of all that have its name.</summary>
    public bool IsWinner(PortItem port) => ports.TryGet(port.Name, out Claims<string, PortItem>.Claim claim) && ReferenceEquals(claim.Item, port);

    private static int Rank(RecordItem a, LocationEntry placeOfA, RecordItem b, LocationEntry placeOfB)
    {
        int order = (placeOfA.Ifindex == 0).CompareTo(placeOfB.Ifindex == 0);
        order = order != 0 ? order : a.Type.CompareTo(b.Type);
        order = order != 0 ? order : Compare(a.CustomerAddress, b.CustomerAddress);
        order = order != 0 ? order : placeOfA.Ifindex.CompareTo(placeOfB.Ifindex);
        return order != 0 || placeOfA.Ifindex != 0 ? order : Compare(a.ProviderAddress!, b.ProviderAddress!);
    }

    private static int Compare(IPAddress a, IPAddress b)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        a.TryWriteBytes(left, out int leftLength);
        b.TryWriteBytes(right, out int rightLength);
        return left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }
}

/// <summary>Where a port is bound.</summary>
internal sealed record BoundAt(uint Vsid, int InterfaceIndex);
