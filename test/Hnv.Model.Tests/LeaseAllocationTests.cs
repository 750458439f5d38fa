using System.Net;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests;

public class LeaseAllocationTests
{
    private static CloudModel Leasing => Commit(Cloud, ChangeSet.Put(BlueWith(s => s with
    {
        Pool = Pool("10.0.0.5-10.0.0.12") with { Range6 = Range("2001:db8:5001::50-2001:db8:5001::51") },
    })));

    [Fact]
    public void Ports_WithoutAddress_GetTheLowestThatNobodyHas()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1), New(2), New(3), New(4)));

        // .5 and .7 are blue1's and blue2's, .9 is the appliance's; those two had the IPv6 addresses first.
        Assert.Equal(["10.0.0.6", "10.0.0.8", "10.0.0.10", "10.0.0.11"], Enumerable.Range(1, 4).Select(i => string.Join(' ', Leases(model, New(i)))));
        Assert.Equal(["2001:db8:5001::50"], Leases(model, Blue1));
        Assert.Equal(["2001:db8:5001::51"], Leases(model, Blue2));
    }

    [Fact]
    public void Port_MovedToAnotherHost_KeepsItsLease()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1), New(2)));

        model = Commit(model, ChangeSet.Put(New(2) with { Host = "host2" }));

        Assert.Equal(["10.0.0.8"], Leases(model, New(2)));
    }

    [Fact]
    public void Port_AppliedAgain_IsUnchanged()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1)));

        ValidationOutcome outcome = ModelValidator.Validate(model, ChangeSet.Put(New(1)));

        Assert.Equal([ChangeOutcome.Unchanged], outcome.Changes.Select(c => c.Outcome));
    }

    [Fact]
    public void Leases_ThatSomebodyWrites_CountForNothing() =>
        Assert.Equal(["10.0.0.6"], Leases(Commit(Leasing, ChangeSet.Put(New(1) with { Leases = Addresses("10.0.0.12") })), New(1)));

    [Fact]
    public void Port_WithAnAddressOfItsOwn_GivesItsLeaseUp_AndWhoWaitsGetsIt()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put([.. Enumerable.Range(1, 6).Select(New)]));
        Assert.Equal(["10.0.0.12"], Leases(model, New(5)));
        Assert.Empty(Leases(model, New(6)));

        ValidationOutcome outcome = ModelValidator.Validate(model, ChangeSet.Put(New(2) with { Addresses = Addresses("10.0.0.77") }));

        Assert.Empty(outcome.Findings);
        Assert.Equal(["10.0.0.8"], Leases(outcome.Next, New(6)));
        Assert.Equal([(New(2).Id, 0), (New(6).Id, (int?)null)], outcome.Changes.Select(c => (c.Id, c.Document)));
    }

    [Fact]
    public void Port_Removed_LeavesItsAddressToTheNext()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1), New(2)));

        model = Commit(model, ChangeSet.Put(New(3)).And(ChangeSet.Delete(New(1).Id)));

        Assert.Equal(["10.0.0.6"], Leases(model, New(3)));
    }

    [Fact]
    public void Pool_Narrowed_GivesNewAddressesOnlyToThoseOutsideIt()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1), New(2)));

        model = Commit(model, ChangeSet.Put(BlueWith(s => s with { Pool = Pool("10.0.0.8-10.0.0.12") })));

        Assert.Equal(["10.0.0.10"], Leases(model, New(1)));
        Assert.Equal(["10.0.0.8"], Leases(model, New(2)));
    }

    [Fact]
    public void Pool_Removed_TakesTheLeases() =>
        Assert.Empty(Leases(Commit(Commit(Leasing, ChangeSet.Put(New(1))), ChangeSet.Put(Blue)), New(1)));

    [Fact]
    public void Port_InAnotherSubnet_GetsAnAddressOfThatOne()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1)));
        VmNetwork both = model.FindVmNetwork("blue-corp", "blue")!;
        model = Commit(model, ChangeSet.Put(both with { Subnets = both.Subnets.SetItem(1, both.Subnets[1] with { Pool = Pool("10.0.1.50-10.0.1.99") }) }));

        model = Commit(model, ChangeSet.Put(New(1) with { Vsid = 5002 }));

        Assert.Equal(["10.0.1.50"], Leases(model, New(1)));
    }

    [Fact]
    public void Lease_IsARecordAtThePort()
    {
        CloudModel model = Commit(Leasing, ChangeSet.Put(New(1)));

        EffectiveRecord? record = RecordPrecedence.Effective(model, 5001, IPAddress.Parse("10.0.0.6"));

        Assert.Equal((RecordSource.Port, LookupRecordType.Static, New(1).Id), (record!.Source, record.Type, record.Port!.Id));
        Assert.Contains(record, RecordPrecedence.EffectiveIn(model, 5001));
    }

    [Fact]
    public void TenThousandPorts_AtOnce_EachGetOne()
    {
        VmNetwork wide = Blue with { Subnets = [Subnet(5001, "10.0.0.0/16") with { Pool = Pool("10.0.1.0-10.0.255.254") }, Subnet(5002, "10.1.1.0/24")] };
        CloudModel model = Commit(Cloud, ChangeSet.Put([wide, .. Enumerable.Range(1, 10_000).Select(New)]));

        Assert.Equal(10_000, model.PortsIn(5001).SelectMany(p => p.Leases).Distinct().Count());
    }

    private static Port New(int i) => Port($"new{i:d5}", "06:06:00:00:01:00") with { Mac = new(0x0606_0000_0100 + (ulong)i) };

    private static IEnumerable<string> Leases(CloudModel model, Port port) => model.Find<Port>(port.Id)!.Leases.Select(a => a.ToString());
}
