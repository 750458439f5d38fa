using System.Collections.Immutable;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

public sealed class PolicyStoreTests
{
    private readonly PolicyStore _store = new();

    [Fact]
    public void Snapshot_OfANewNetwork_PutsEveryItem()
    {
        Begin();
        ImmutableArray<HeldPolicyChange> changes = Send(Snapshot(Blue, 5, Subnet(), Record("10.0.0.5")));

        NetworkChanged change = Assert.IsType<NetworkChanged>(Assert.Single(changes));
        Assert.Equal(2, change.Changes.Length);
        Assert.All(change.Changes, c => Assert.Null(c.Before));
        Assert.Equal(5, _store.Networks[Blue].Revision);
    }

    [Fact]
    public void Snapshot_OfAKnownNetwork_ChangesOnlyWhatDiffers()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet(), Record("10.0.0.5"), Record("10.0.0.6")));
        Begin();

        ImmutableArray<HeldPolicyChange> changes = Send(Snapshot(Blue, 6, Subnet(), Record("10.0.0.5", pa: "192.168.4.33"), Record("10.0.0.7")));

        NetworkChanged change = Assert.IsType<NetworkChanged>(Assert.Single(changes));
        Assert.Equal(
            ["record/5001/10.0.0.5 changed", "record/5001/10.0.0.6 gone", "record/5001/10.0.0.7 new"],
            change.Changes.Select(c => $"{(c.After ?? c.Before)!.Key} {(c.Before is null ? "new" : c.After is null ? "gone" : "changed")}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Snapshot_BeforeItsEnd_ChangesNothing()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet(), Record("10.0.0.5")));
        HeldNetworkPolicy before = _store.Networks[Blue];
        Begin();

        Assert.Empty(Send(Snapshot(Blue, 6, Subnet())[..3]));
        _store.BeginConnection();

        Assert.Same(before, _store.Networks[Blue]);
    }

    [Fact]
    public void Snapshot_WithAnotherDigest_IsRefusedAndNotClaimed()
    {
        Begin();
        Send(Snapshot(Blue, 5, Record("10.0.0.5")));
        HeldNetworkPolicy before = _store.Networks[Blue];
        Begin();
        PolicyMessage[] messages = Snapshot(Blue, 6, Record("10.0.0.6"));
        messages[3] = ((SnapshotEndMessage)messages[3]) with { Digest = new string('0', 32) };

        Assert.Throws<PolicyViolationException>(() => Send(messages));

        Assert.Same(before, _store.Networks[Blue]);
        Assert.Empty(_store.BeginConnection());
    }

    [Fact]
    public void Snapshot_WithALostChunk_IsRefused()
    {
        Begin();
        PolicyMessage[] messages = Snapshot(Blue, 6, Record("10.0.0.6"));
        Assert.Throws<PolicyViolationException>(() => Send([messages[0], messages[1], messages[3]]));
        Assert.Empty(_store.Networks[Blue].Items);
    }

    [Fact]
    public void Delta_PutsAndDeletes()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet(), Record("10.0.0.5"), Record("10.0.0.6")));
        RecordItem moved = Record("10.0.0.5", pa: "192.168.4.33");

        ImmutableArray<HeldPolicyChange> changes = Send(
            new DeltaMessage(Blue, 7, [moved], ["record/5001/10.0.0.6"], DigestOf(Subnet(), moved).ToString()));

        Assert.Equal(2, Assert.IsType<NetworkChanged>(Assert.Single(changes)).Changes.Length);
        Assert.Equal(["record/5001/10.0.0.5", "subnet/5001"], _store.Networks[Blue].Items.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(7, _store.Networks[Blue].Revision);
    }

    [Fact]
    public void Delta_WithAnotherDigest_ChangesNothing()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet()));
        HeldNetworkPolicy before = _store.Networks[Blue];

        Assert.Throws<PolicyViolationException>(() => Send(new DeltaMessage(Blue, 7, [Record("10.0.0.5")], [], DigestOf(Subnet()).ToString())));

        Assert.Same(before, _store.Networks[Blue]);
        Assert.Empty(_store.BeginConnection());
    }

    [Fact]
    public void Current_OfWhatTheHostHas_ChangesNothing()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet()));
        Begin();

        ImmutableArray<HeldPolicyChange> changes = Send(Snapshot(Blue, 5)[0], new CurrentMessage(Blue, 5, DigestOf(Subnet()).ToString()));

        Assert.Empty(changes);
    }

    [Fact]
    public void Current_WithAnotherDigest_IsRefused()
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet()));
        Begin();
        Assert.Throws<PolicyViolationException>(() => Send(Snapshot(Blue, 5)[0], new CurrentMessage(Blue, 5, DigestOf(Record("10.0.0.5")).ToString())));
    }

    [Fact]
    public void FirstBookmark_DetachesWhatTheConnectionDidNotAttach()
    {
        Begin();
        Send([.. Snapshot(Blue, 5, Subnet()), .. Snapshot(Red, 5, Subnet(6001)), new BookmarkMessage(5)]);
        Begin();

        ImmutableArray<HeldPolicyChange> changes = Send(Snapshot(Red, 5)[0], new CurrentMessage(Red, 5, DigestOf(Subnet(6001)).ToString()), new BookmarkMessage(6));

        Assert.Equal(Blue, Assert.IsType<NetworkDetached>(changes[0]).Policy.Network);
        Assert.Equal(6, Assert.IsType<BookmarkReached>(changes[1]).Revision);
        Assert.Equal([Red], _store.Networks.Keys);
    }

    [Fact]
    public void ConnectionWithoutABookmark_DetachesNothing()
    {
        Begin();
        Send([.. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5)]);
        Begin();
        Begin();
        Assert.Equal([Blue], _store.Networks.Keys);
    }

    [Theory]
    [InlineData(PolicyProtocol.Version + 1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Hello_WithAnotherProtocol_IsRefused(int protocol)
    {
        _store.BeginConnection();
        Assert.Throws<PolicyViolationException>(() => _store.Apply(Hello(protocol: protocol)));
        Assert.Throws<PolicyViolationException>(() => _store.Apply(new BookmarkMessage(1)));
    }

    [Fact]
    public void MessageOfAnUnknownKind_IsRefused()
    {
        Begin();
        Assert.Throws<PolicyViolationException>(() => Send(new FutureMessage()));
    }

    [Fact]
    public void ItemOfAnUnknownKind_IsRefused()
    {
        Begin();
        Assert.Throws<PolicyViolationException>(() => Send(Snapshot(Blue, 5)[..2].Append(new ItemsMessage(Blue, [new FutureItem()]))));
    }

    public static TheoryData<string> BadItems() => [.. s_bad.Keys];

    [Theory]
    [MemberData(nameof(BadItems))]
    public void ItemOutOfRange_IsRefused(string what)
    {
        Begin();
        Send(Snapshot(Blue, 5, Subnet()));
        HeldNetworkPolicy before = _store.Networks[Blue];
        PolicyItem item = s_bad[what];

        Assert.Throws<PolicyViolationException>(() => Send(new DeltaMessage(Blue, 6, [item], [], before.Digest.Add(item).ToString())));

        Assert.Same(before, _store.Networks[Blue]);
    }

    private static readonly Dictionary<string, PolicyItem> s_bad = new()
    {
        ["provider address in a network"] = Pa("192.168.4.11"),
        ["VSID too small"] = Record("10.0.0.5", vsid: 4095),
        ["VSID too great"] = Record("10.0.0.5", vsid: 16777215),
        ["group MAC"] = Record("10.0.0.5", mac: "01:00:5e:00:00:01"),
        ["no MAC"] = Record("10.0.0.5", mac: "00:00:00:00:00:00"),
        ["multicast provider address"] = Peer("224.0.0.1"),
        ["link-local provider address of a peer"] = Peer("fe80::11"),
        ["multicast IPv6 provider address of a record"] = Record("10.0.0.5", pa: "ff05::11"),
        ["mapped address"] = Record("::ffff:10.0.0.5"),
        ["interface that is a path"] = Port(@interface: "../x"),
        ["interface name too long"] = Port(@interface: "sixteen-letters0"),
        ["port number 0"] = Port(number: 0),
        ["gateway outside of its prefix"] = Subnet(gateway: "10.0.1.1"),
        ["next hop of the other family"] = Route(hop: "fd00::1"),
    };

    [Fact]
    public void MessagesOutOfOrder_AreRefused()
    {
        Begin();
        Assert.Throws<PolicyViolationException>(() => Send(new SnapshotMessage(Blue, 1)));
        Assert.Throws<PolicyViolationException>(() => Send(new DeltaMessage(Blue, 1, [], [], DigestOf().ToString())));
        Send(Snapshot(Blue, 5)[0]);
        Assert.Throws<PolicyViolationException>(() => Send(Snapshot(Blue, 5)[0]));
        Assert.Throws<PolicyViolationException>(() => Send(new ItemsMessage(Blue, [])));
        Send(new SnapshotMessage(Blue, 1));
        Assert.Throws<PolicyViolationException>(() => Send(new SnapshotMessage(Blue, 1)));
        Assert.Throws<PolicyViolationException>(() => Send(new BookmarkMessage(1)));
    }

    [Fact]
    public void Detach_OfAnUnknownNetwork_ChangesNothing()
    {
        Begin();
        Assert.Empty(Send(new DetachMessage(Red)));
    }

    [Fact]
    public void Load_ClaimsWhatTheCacheHeld()
    {
        ImmutableArray<HeldPolicyChange> changes = _store.Load([Policy(Blue, 5, Subnet(), Record("10.0.0.5"))]);

        Assert.Equal(2, Assert.IsType<NetworkChanged>(Assert.Single(changes)).Changes.Length);
        HeldNetworkPolicy claim = Assert.Single(_store.BeginConnection());
        Assert.Equal((Blue, 5, DigestOf(Subnet(), Record("10.0.0.5"))), (claim.Network, claim.Revision, claim.Digest));
    }

    private void Begin()
    {
        _store.BeginConnection();
        _store.Apply(Hello());
    }

    private ImmutableArray<HeldPolicyChange> Send(params IEnumerable<PolicyMessage> messages) => [.. messages.SelectMany(m => _store.Apply(m))];

    private sealed record FutureMessage : PolicyMessage;

    private sealed record FutureItem : PolicyItem
    {
        public override string Key => "future";
    }
}
