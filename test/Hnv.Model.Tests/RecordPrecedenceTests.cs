using System.Net;
using Hnv.Model.Resources;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests;

public class RecordPrecedenceTests
{
    [Fact]
    public void Effective_PortAndExplicitRecord_PortWins()
    {
        CloudModel model = Cloud.With(Appliance with { CustomerAddress = Blue1.Addresses[0] });
        EffectiveRecord record = RecordPrecedence.Effective(model, 5001, Blue1.Addresses[0])!;
        Assert.Equal((RecordSource.Port, Blue1.Mac, IPAddress.Parse("192.168.4.11")), (record.Source, record.Mac, record.ProviderAddress));
    }

    [Fact]
    public void Effective_OnlyAnExplicitRecord_IsIt()
    {
        EffectiveRecord record = RecordPrecedence.Effective(Cloud, 5001, Appliance.CustomerAddress)!;
        Assert.Equal((RecordSource.Explicit, Appliance.ProviderAddress), (record.Source, record.ProviderAddress));
        Assert.Same(Appliance, record.Record);
    }

    [Fact]
    public void Effective_NobodyHasIt_Null() => Assert.Null(RecordPrecedence.Effective(Cloud, 5001, IPAddress.Parse("10.0.0.77")));

    [Fact]
    public void Effective_PortOnNoHost_HasNoProviderAddress() =>
        Assert.Null(RecordPrecedence.Effective(Cloud.With(Blue1 with { Host = null }), 5001, Blue1.Addresses[0])!.ProviderAddress);

    [Fact]
    public void EffectiveIn_EveryAddressOnceInOrder()
    {
        CloudModel model = Cloud.With(Appliance with { CustomerAddress = Blue2.Addresses[0] }).With(Blue1 with { Addresses = Addresses("10.0.0.200", "10.0.0.9", "2001:db8:5001::5") });
        Assert.Equal(
            ["10.0.0.7 Port", "10.0.0.9 Port", "10.0.0.200 Port", "2001:db8:5001::5 Port"],
            RecordPrecedence.EffectiveIn(model, 5001).Select(r => $"{r.CustomerAddress} {r.Source}"));
    }

    [Fact]
    public void Compare_PortThenExplicitThenLearned() =>
        Assert.Equal(
            [RecordSource.Port, RecordSource.Explicit, RecordSource.Learned],
            new[] { RecordSource.Learned, RecordSource.Port, RecordSource.Explicit }.Order(Comparer<RecordSource>.Create(RecordPrecedence.Compare)));
}
