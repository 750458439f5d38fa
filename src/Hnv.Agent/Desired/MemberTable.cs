using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;

namespace Hnv.Agent.Desired;

/// <summary>
/// Who gets a copy of what floods in each subnet: this host's ports with a member, and the provider addresses of hosts that have one, and of third
/// parties' endpoints that have an adapter of it. An address gets one copy, whatever it is the place of.
/// Slots are without gaps: who leaves is replaced by the last one, so that a change costs one entry or two.
/// </summary>
internal sealed class MemberTable(IDesiredTable<MemberKey, MemberEntry> table)
{
    private readonly Dictionary<MacKey, Placement> _placed = [];
    private readonly Dictionary<uint, SubnetMembers> _subnets = [];

    /// <summary>How many of a subnet are here, how many hosts have others, and whether one of them all learns.</summary>
    public (uint Local, uint Remote, bool Learn) CountsOf(uint vsid) =>
        _subnets.TryGetValue(vsid, out SubnetMembers? members)
            ? ((uint)members.Local.Count, (uint)members.Remote.Count, members.Learners > 0)
            : (0, 0, false);

    /// <summary>An adapter is a member of its subnet, and there; either null: it is none, or nowhere.</summary>
    /// <param name="destination">Where it moves to, and gets copies as well; null: nowhere.</param>
    /// <returns>Whether the subnet's <see cref="CountsOf"/> may differ.</returns>
    public bool Set(uint vsid, MacKey key, MemberItem? member, LocationEntry? place, LocationEntry? destination)
    {
        Placement? after = member is null ? null : new Placement(place, destination == place ? null : destination, member.Learns);
        _placed.TryGetValue(key, out Placement? before);
        if (before == after)
        {
            return false;
        }

        if (!_subnets.TryGetValue(vsid, out SubnetMembers? members))
        {
            _subnets.Add(vsid, members = new SubnetMembers(vsid, table));
        }

        // The new place first: an adapter that only begins to learn keeps its slot.
        members.Count(after, 1);
        members.Count(before, -1);
        if (after is null)
        {
            _placed.Remove(key);
        }
        else
        {
            _placed[key] = after;
        }

        if (members.IsEmpty)
        {
            _subnets.Remove(vsid);
        }

        return true;
    }

    /// <summary>An endpoint of the provider network takes part in the subnet, or does not any more.</summary>
    /// <returns>Whether the subnet's <see cref="CountsOf"/> may differ.</returns>
    public bool SetEndpoint(uint vsid, IPAddress address, bool isMember)
    {
        if (!_subnets.TryGetValue(vsid, out SubnetMembers? members))
        {
            if (!isMember)
            {
                return false;
            }

            _subnets.Add(vsid, members = new SubnetMembers(vsid, table));
        }

        bool changed = members.SetEndpoint(address, isMember);
        if (members.IsEmpty)
        {
            _subnets.Remove(vsid);
        }

        return changed;
    }

    /// <param name="At">Null: it is nowhere that a frame could be sent to.</param>
    /// <param name="Destination">Null: nowhere else.</param>
    private sealed record Placement(LocationEntry? At, LocationEntry? Destination, bool Learns);

    private sealed class SubnetMembers(uint vsid, IDesiredTable<MemberKey, MemberEntry> table)
    {
        private readonly HashSet<IPAddress> _endpoints = [];
        private int _adapters;

        public Slots Local { get; } = new(vsid, 0, table);

        public Slots Remote { get; } = new(vsid, MemberKey.Remote, table);

        public int Learners { get; private set; }

        public bool IsEmpty => _adapters == 0 && _endpoints.Count == 0;

        public bool SetEndpoint(IPAddress address, bool isMember)
        {
            if (isMember ? !_endpoints.Add(address) : !_endpoints.Remove(address))
            {
                return false;
            }

            // Policy knows all that is behind it: it is asked for no unknown address.
            Remote.Add(LocationEntry.Remote(address), learns: false, isMember ? 1 : -1);
            return true;
        }

        public void Count(Placement? placement, int by)
        {
            if (placement is null)
            {
                return;
            }

            _adapters += by;
            Learners += placement.Learns ? by : 0;
            foreach (LocationEntry? each in (ReadOnlySpan<LocationEntry?>)[placement.At, placement.Destination])
            {
                if (each is { } place)
                {
                    (place.Ifindex != 0 ? Local : Remote).Add(place, placement.Learns, by);
                }
            }
        }
    }

    /// <summary>Places of one kind in a subnet, each in a slot of its own.</summary>
    private sealed class Slots(uint vsid, uint first, IDesiredTable<MemberKey, MemberEntry> table)
    {
        private readonly Dictionary<LocationEntry, Slot> _byPlace = [];
        private readonly List<Slot> _slots = [];

        public int Count => _slots.Count;

        public void Add(LocationEntry at, bool learns, int by)
        {
            if (!_byPlace.TryGetValue(at, out Slot? slot))
            {
                slot = new Slot(at, _slots.Count);
                _byPlace.Add(at, slot);
                _slots.Add(slot);
            }

            slot.Adapters += by;
            slot.Learners += learns ? by : 0;
            if (slot.Adapters > 0)
            {
                Write(slot);
                return;
            }

            Slot last = _slots[^1];
            _slots.RemoveAt(last.Number);
            _byPlace.Remove(at);
            if (!ReferenceEquals(last, slot))
            {
                table.Remove(new MemberKey(vsid, first + (uint)last.Number));
                last.Number = slot.Number;
                _slots[last.Number] = last;
                Write(last);
            }
            else
            {
                table.Remove(new MemberKey(vsid, first + (uint)slot.Number));
            }
        }

        private void Write(Slot slot) => table.Set(
            new MemberKey(vsid, first + (uint)slot.Number),
            new MemberEntry(slot.At.Pa, slot.At.Ifindex, slot.Learners > 0 ? MemberFlags.Learns : MemberFlags.None));
    }

    private sealed class Slot(LocationEntry at, int number)
    {
        public LocationEntry At => at;

        public int Number { get; set; } = number;

        public int Adapters { get; set; }

        public int Learners { get; set; }
    }
}
