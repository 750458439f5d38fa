using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests;

public class CloudModelTests
{
    [Fact]
    public void Find_ByEachIndex_FindsTheSample()
    {
        Assert.Equal("blue", Cloud.FindSubnet(5002)!.Network.Name);
        Assert.Equal("red", Cloud.FindVmNetwork(RedId)!.Name);
        Assert.Equal([Blue1, Red1], Cloud.PortsOnHost("host1"));
        Assert.Equal([Blue1, Blue2], Cloud.PortsIn(5001));
        Assert.Equal([Blue1, Blue2], Cloud.PortsIn(Cloud.FindVmNetwork("blue-corp", "blue")!));
        Assert.Equal([Red1], Cloud.PortsAt(6001, IPAddress.Parse("10.0.0.5")));
        Assert.Equal([Blue2], Cloud.PortsAt(5001, Blue2.Mac));
        Assert.Equal([Blue1], Cloud.PortsAt("host1", "v-blue1"));
        Assert.Equal([Appliance], Cloud.RecordsIn(5001));
        Assert.Equal([Appliance], Cloud.RecordsAt(5001, Appliance.CustomerAddress));
        Assert.Equal([Appliance], Cloud.RecordsTo(Appliance.ProviderAddress));
        Assert.Equal("host2", Assert.Single(Cloud.OwnersOf(IPAddress.Parse("192.168.4.22"))).Name);
        Assert.Equal(["Port red-corp/red1", "VmNetwork red-corp/red"], Cloud.OfTenant("red-corp").Select(r => r.Id.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void With_AChangedPort_LeavesTheOldModelAsItWas()
    {
        CloudModel next = Cloud.With(Blue1 with { Host = "host2", Addresses = Addresses("10.0.0.6") });
        Assert.Equal([Red1], next.PortsOnHost("host1"));
        Assert.Empty(next.PortsAt(5001, IPAddress.Parse("10.0.0.5")));
        Assert.Equal([Blue1, Red1], Cloud.PortsOnHost("host1"));
        Assert.Equal([Blue1], Cloud.PortsAt(5001, IPAddress.Parse("10.0.0.5")));
    }

    [Fact]
    public void Without_TwoWithOneAddress_LeavesTheOther()
    {
        Port twin = Blue1 with { Name = "twin" };
        CloudModel both = Cloud.With(twin);
        Assert.Equal([Blue1, twin], both.PortsAt(5001, Blue1.Mac));
        Assert.Equal([twin], both.Without(Blue1.Id).PortsAt(5001, Blue1.Mac));
    }

    [Fact]
    public void AtRevision_ChangesNothingElse()
    {
        CloudModel later = Cloud.AtRevision(7);
        Assert.Equal(7, later.Revision);
        Assert.Equal(Cloud.All, later.All);
        Assert.Equal(7, later.With(Host("x")).Revision);
    }

    [Fact]
    public void With_AnyChanges_AllIndexesEqualThoseOfARebuild() => Prop
        .ForAll(ResourceGenerators.ChangeSet.ArrayOf().ToArbitrary(), history =>
        {
            CloudModel model = CloudModel.Empty;
            foreach (ResourceChange change in history.SelectMany(h => h.Changes))
            {
                model = change.Resource is null ? model.Without(change.Id) : model.With(change.Resource);
            }

            CloudModel rebuilt = model.All.Reverse().Aggregate(CloudModel.Empty, (m, r) => m.With(r));
            Assert.Equal(View(rebuilt), View(model));
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>Everything the indexes answer for the keys of the generators' world.</summary>
    private static List<string> View(CloudModel m)
    {
        List<string> view = [.. m.All.Select(r => r.ToString())];
        string[] names = ["a", "b", "c-1"];
        uint[] vsids = [0, 4095, 5001, 5002, 5003, 16777215];
        IPAddress[] addresses = [.. new[] { "10.0.0.5", "10.0.1.5", "0.0.0.0", "2001:db8:1::5", "192.168.4.11", "192.168.4.22" }.Select(IPAddress.Parse)];
        view.AddRange(names.Select(n => $"{n}: {Ids(m.PortsOnHost(n))} {Ids(m.OfTenant(n))} {Ids(m.PortsAt(n, "v-1"))}"));
        view.AddRange(vsids.Select(v => $"{v}: {Ids(m.PortsIn(v))} {Ids(m.RecordsIn(v))} {m.FindSubnet(v) is not null} {Ids(m.PortsAt(v, new MacAddress(0x0606_0000_0001)))}"));
        view.AddRange(addresses.Select(a => $"{a}: {Ids(m.PortsAt(5001, a))} {Ids(m.RecordsAt(5001, a))} {Ids(m.RecordsTo(a))} {Ids(m.OwnersOf(a))}"));
        return view;
    }

    /// <summary>Sorted: who came first at a contested key depends on history.</summary>
    private static string Ids(IEnumerable<Resource> resources) => string.Join(",", resources.Select(r => r.Id).Order(ResourceIdComparer.Instance));
}
