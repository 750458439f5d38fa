using System.Net;
using Hnv.Agent.Desired;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Desired;

/// <summary>A port on its way from 192.168.4.22 to 192.168.4.11, as the tables of each host see it.</summary>
public sealed class DesiredMoveTests : IDisposable
{
    private const string Name = "blue/blue1";
    private const string Source = "192.168.4.22";
    private const string Destination = "192.168.4.11";
    private static readonly MacAddress s_mac = MacAddress.Parse("06:06:00:00:00:05");

    private readonly FakeDataplane _dataplane = new();
    private readonly DesiredState _state;
    private readonly Dictionary<string, PolicyItem> _known = [];

    public DesiredMoveTests() => _state = new DesiredState(_dataplane);

    public void Dispose() => _dataplane.Dispose();

    [Fact]
    public void Destination_KeepsTheRecordAtTheSource_UntilPolicySaysThatThePortIsHere()
    {
        Own(Destination);
        Put(Port() with { Prepared = true }, Record("10.0.0.5", pa: Source, port: Name), Move());
        Assert.True(_state.HasPrepared);
        Assert.Equal(MoveEntry.ToPort(s_mac, 0, IPAddress.Parse(Source)), TheMove());

        _state.PortBound(Name, 5001, 12);
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse(Source), RecordFlags.Moving), At("10.0.0.5"));
        Assert.Equal(LocationEntry.Remote(IPAddress.Parse(Source)), Adapter());
        Assert.Equal(MoveEntry.ToPort(s_mac, 12, IPAddress.Parse(Source)), TheMove());

        // The move is complete: the record is local before anything is bound anew.
        Put(Port(), Record("10.0.0.5", pa: Destination, port: Name));
        Delete(Move());
        Assert.False(_state.HasPrepared);
        Assert.Equal(RecordEntry.Local(s_mac, RecordKind.Static, 12), At("10.0.0.5"));
        Assert.Equal(LocationEntry.Local(12), Adapter());
        Assert.Empty(_dataplane.Moves.Desired);
    }

    [Fact]
    public void Source_SendsOn_WhenItsInterfaceIsGone_AndWhenThePortIsElsewhere()
    {
        Own(Source);
        Put(Port(), Record("10.0.0.5", pa: Source, port: Name), Move());
        _state.PortBound(Name, 5001, 12);
        Assert.Equal(RecordEntry.Local(s_mac, RecordKind.Static, 12, RecordFlags.Moving), At("10.0.0.5"));
        Assert.Equal(MoveEntry.ToHost(s_mac, IPAddress.Parse(Destination), null), TheMove());

        _state.PortUnbound(Name);
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse(Destination), RecordFlags.Moving), At("10.0.0.5"));
        _state.PortBound(Name, 5001, 12);
        Assert.Equal(12u, At("10.0.0.5").Ifindex);

        // The move is complete: nothing leads to the old interface, though it is bound until the next pass.
        Put(Record("10.0.0.5", pa: Destination, port: Name));
        Delete(Port(), Move());
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse(Destination)), At("10.0.0.5"));
        Assert.Equal(LocationEntry.Remote(IPAddress.Parse(Destination)), Adapter());
    }

    [Fact]
    public void ThirdHost_KnowsWhereItMayAppear_UntilTheMoveIsCancelled()
    {
        Own("192.168.4.33");
        Put(Record("10.0.0.5", pa: Source, port: Name), Record("10.0.0.9", pa: Source), Move());
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse(Source), RecordFlags.Moving), At("10.0.0.5"));
        Assert.Equal(RecordFlags.None, At("10.0.0.9").Flags); // An explicit record says itself where it leads.
        Assert.Equal(MoveEntry.ToHost(s_mac, IPAddress.Parse(Destination), IPAddress.Parse(Source)), TheMove());

        Delete(Move());
        Assert.Equal(RecordFlags.None, At("10.0.0.5").Flags);
        Assert.Empty(_dataplane.Moves.Desired);
    }

    [Fact]
    public void Floods_GoToBothHosts_WhileTheAdapterMoves()
    {
        Own("192.168.4.33");
        Put(Subnet(), Member(pa: Source, port: Name));
        Assert.Equal([Source], Members());

        Put(Move());
        Assert.Equal([Source, Destination], Members());

        Put(Member(pa: Destination, port: Name));
        Assert.Equal([Destination], Members());
        Put(Member(pa: Source, port: Name));
        Delete(Move());
        Assert.Equal([Source], Members());
    }

    [Fact]
    public void Floods_OfTheHostThatItLeaves_GoToItsPortAndToTheDestination()
    {
        Own(Source);
        Put(Subnet(), Port(), Member(pa: Source, port: Name), Move());
        _state.PortBound(Name, 5001, 12);
        Assert.Equal(["12", Destination], Members());

        _state.PortUnbound(Name);
        Assert.Equal([Destination], Members());
    }

    [Fact]
    public void Floods_AtTheDestination_GoToThePreparedPort_OnceTheAdapterWasHeardThere()
    {
        Own(Destination);
        Put(Subnet(), Port() with { Prepared = true }, Member(pa: Source, port: Name), Move());
        _state.PortBound(Name, 5001, 12);
        Assert.Equal([Source], Members());

        _state.SetActivated([new MacKey(5001, s_mac)]);
        Assert.Equal(["12", Source], Members());
        _state.SetActivated([]);
        Assert.Equal([Source], Members());
        _state.SetActivated([new MacKey(5001, s_mac)]);

        // The move is complete; there is no moment at which it is nobody's.
        Put(Port(), Member(pa: Destination, port: Name));
        Assert.Equal(["12"], Members());
        Delete(Move());
        _state.SetActivated([]);
        Assert.Equal(["12"], Members());
    }

    /// <summary>Interfaces and provider addresses that get what floods, by slot; as many as the subnet says.</summary>
    private string[] Members()
    {
        string[] members = [.. _dataplane.Members.Desired.OrderBy(static m => m.Key.Slot).Select(static m => m.Value.Ifindex != 0 ? $"{m.Value.Ifindex}" : $"{m.Value.Pa}")];
        SubnetEntry subnet = Assert.Single(_dataplane.Subnets.Desired).Value;
        Assert.Equal((uint)members.Length, subnet.LocalMembers + subnet.RemoteMembers);
        return members;
    }

    private static MoveItem Move() => Items.Move(from: Source, to: Destination);

    private void Own(string address) => _state.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa(address))]));

    private void Put(params PolicyItem[] items)
    {
        foreach (PolicyItem item in items)
        {
            _state.OnUpdate(new NetworkChanged(Policy(Blue, 1), [new ItemChange(_known.GetValueOrDefault(item.Key), item)]));
            _known[item.Key] = item;
        }
    }

    private void Delete(params PolicyItem[] items)
    {
        foreach (PolicyItem item in items)
        {
            _state.OnUpdate(new NetworkChanged(Policy(Blue, 1), [new ItemChange(_known[item.Key], null)]));
            _known.Remove(item.Key);
        }
    }

    private RecordEntry At(string ca) =>
        _dataplane.Records.TryGet(new RecordKey(5001, IPAddress.Parse(ca)), out RecordEntry entry) ? entry : throw new KeyNotFoundException(ca);

    private MoveEntry TheMove() => Assert.Single(_dataplane.Moves.Desired).Value;

    private LocationEntry? Adapter() => _dataplane.Macs.TryGet(new MacKey(5001, s_mac), out LocationEntry place) ? place : null;
}
