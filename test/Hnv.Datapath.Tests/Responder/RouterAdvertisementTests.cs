using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Responder;

/// <summary>Router solicitations, and the copies that become advertisements.</summary>
[Collection(PacketTests.Name)]
public sealed class RouterAdvertisementTests
{
    private const uint MarkAdvertise = 0x484e5604;
    private readonly TestCloud _cloud;

    public RouterAdvertisementTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        Pools.Give(_cloud.A, _cloud.Blue);
    }

    private TestVm Vm => _cloud.Blue5;

    private byte[] Source => NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, Vm.Mac);

    [Fact]
    public void Solicitation_IsAnsweredToTheVm()
    {
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, null, Source)).Went(Verdict.ConfigurationAnswered).As(Pools.AdvertisementTo(Vm, Vm.LinkLocal));
        Assert.True(_cloud.A.Programs.Map("advertised").TryLookup(Vm.PortId, out AdvertisedEntry sent));
        Assert.Equal(RouterAdvertisementEntry.Create(Pools.Advertisement(_cloud.Blue)).Revision, sent.Revision);
    }

    [Fact]
    public void Solicitation_WithoutOptions_IsAnswered() =>
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm)).Went(Verdict.ConfigurationAnswered).As(Pools.AdvertisementTo(Vm, Vm.LinkLocal));

    [Fact]
    public void Solicitation_FromTheUnspecifiedAddress_IsAnsweredToAll() =>
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, IPAddress.IPv6Any)).Went(Verdict.ConfigurationAnswered).As(Pools.AdvertisementTo(Vm));

    [Fact]
    public void Solicitation_WhereNobodyAdvertises_IsNotAnswered() =>
        _cloud.A.FromVm(_cloud.Red5, Pools.RouterSolicitation(_cloud.Red5)).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Solicitation_OfAnother_IsRefused()
    {
        byte[] others = NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, _cloud.Blue6.Mac);
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, null, others)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(_cloud.Blue6)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, _cloud.Blue6.LinkLocal)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Solicitation_ThatContradictsItself_IsMalformed()
    {
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, null, [1, 0, 0, 0, 0, 0, 0, 0])).Dropped(Verdict.Malformed);
        _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm, null, [1, 1, 0, 0])).Dropped(Verdict.Malformed);
        byte[] far = Pools.RouterSolicitation(Vm);
        far[21] = 64;
        _cloud.A.FromVm(Vm, far).Dropped(Verdict.Malformed);
        byte[] code = Pools.RouterSolicitation(Vm);
        code[55] = 1;
        _cloud.A.FromVm(Vm, code).Dropped(Verdict.Malformed);
        byte[] frame = Pools.RouterSolicitation(Vm, null, Source);
        for (int length = 54; length < frame.Length; length++)
        {
            _cloud.A.FromVm(Vm, frame[..length]).Dropped(Verdict.Malformed);
        }
    }

    [Fact]
    public void MarkedCopyOfAnyFrame_BecomesAnAdvertisement()
    {
        foreach (byte[] frame in (byte[][])[Vm.UdpTo(_cloud.Blue7, v6: true), Vm.UdpTo(_cloud.Blue9), Vm.UdpTo(_cloud.Blue9, payload: 1400), Pools.RouterSolicitation(Vm)])
        {
            Passage passage = _cloud.A.FromVm(Vm, frame, MarkAdvertise);
            Assert.Equal((Passage.Redirect, Verdict.ConfigurationAnswered, Passage.MarkDeliver), (passage.Action, passage.Verdict, passage.Mark));
            Assert.Empty(passage.Changes);
            passage.As(Pools.AdvertisementTo(Vm));
        }
    }

    [Fact]
    public void MarkedCopy_WhereNobodyAdvertises_IsDropped()
    {
        Passage passage = _cloud.A.FromVm(_cloud.Red5, _cloud.Red5.UdpTo(_cloud.Red7), MarkAdvertise);
        Assert.Equal((Passage.Shot, Verdict.PolicyMissing), (passage.Action, passage.Verdict));
    }

    [Fact]
    public void TracedSolicitation_IsDecidedAndLeavesNothing()
    {
        Passage passage = _cloud.A.FromVm(Vm, Pools.RouterSolicitation(Vm), Passage.MarkTrace);
        Assert.Equal(Verdict.ConfigurationAnswered, passage.Verdict);
        Assert.False(_cloud.A.Programs.Map("advertised").TryLookup(Vm.PortId, out AdvertisedEntry _));
    }
}
