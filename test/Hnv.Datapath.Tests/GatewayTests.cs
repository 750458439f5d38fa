using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>The distributed gateway as a host: it answers echo requests, and nothing else.</summary>
[Collection(PacketTests.Name)]
public sealed class GatewayTests
{
    private readonly TestCloud _cloud;

    public GatewayTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(56)]
    [InlineData(57)]
    [InlineData(1400)]
    [InlineData(1472)]
    public void Echo_ToTheGateway_IsAnswered(int payload)
    {
        byte[] Frame4(IcmpV4Type type) => (type == IcmpV4Type.EchoRequest
                ? Vm.ToGateway().IPv4(Vm.V4, _cloud.Blue.Gateway4, h => h with { TimeToLive = 17, Identification = 99, Flags = IPv4Flags.DontFragment })
                : PacketBuilder.Ethernet(_cloud.Blue.GatewayMac, Vm.Mac)
                    .IPv4(_cloud.Blue.Gateway4, Vm.V4, h => h with { Identification = 99, Flags = IPv4Flags.DontFragment }))
            .Icmp(type, 0, IcmpHeader.Echo(0xbeef, 3)).Payload(payload).ToArray();

        Passage passage = _cloud.A.FromVm(Vm, Frame4(IcmpV4Type.EchoRequest)).Went(Verdict.GatewayEchoAnswered).As(Frame4(IcmpV4Type.EchoReply));
        Assert.Equal(Passage.MarkDeliver, passage.Mark);

        byte[] Frame6(IcmpV6Type type) => (type == IcmpV6Type.EchoRequest
                ? Vm.ToGateway().IPv6(Vm.V6, _cloud.Blue.Gateway6, h => h with { HopLimit = 17 })
                : PacketBuilder.Ethernet(_cloud.Blue.GatewayMac, Vm.Mac).IPv6(_cloud.Blue.Gateway6, Vm.V6))
            .Icmp(type, 0, IcmpHeader.Echo(0xbeef, 3)).Payload(payload).ToArray();

        _cloud.A.FromVm(Vm, Frame6(IcmpV6Type.EchoRequest)).Went(Verdict.GatewayEchoAnswered).As(Frame6(IcmpV6Type.EchoReply));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Echo_ToTheGatewayOfAnotherSubnet_IsAnsweredByIt(bool v6)
    {
        PacketBuilder request = Vm.ToGateway().Ip(Vm.Address(v6), _cloud.BlueFar.Gateway(v6));
        PacketBuilder reply = PacketBuilder.Ethernet(_cloud.Blue.GatewayMac, Vm.Mac).Ip(_cloud.BlueFar.Gateway(v6), Vm.Address(v6));
        _cloud.A.FromVm(Vm, (v6 ? request.Icmp(IcmpV6Type.EchoRequest) : request.Icmp(IcmpV4Type.EchoRequest)).ToArray())
            .Went(Verdict.GatewayEchoAnswered)
            .As((v6 ? reply.Icmp(IcmpV6Type.EchoReply) : reply.Icmp(IcmpV4Type.EchoReply)).ToArray());
    }

    [Fact]
    public void Echo_WithAnothersAddress_IsRefused() => _cloud.A.FromVm(
        Vm, Vm.ToGateway().IPv4(_cloud.Blue6.V4, _cloud.Blue.Gateway4).Icmp(IcmpV4Type.EchoRequest).ToArray()).Dropped(Verdict.SourceCaMacMismatch);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnythingElse_ToTheGateway_PortUnreachable(bool v6)
    {
        byte[] frame = Vm.ToGateway().Ip(Vm.Address(v6), _cloud.Blue.Gateway(v6)).Udp(4000, 53).Payload(20).ToArray();
        byte[] error = v6 ? IcmpErrors.V6(Vm, frame, IcmpV6Type.DestinationUnreachable, (byte)IcmpV6Unreachable.Port)
            : IcmpErrors.V4(Vm, frame, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.Port);
        _cloud.A.FromVm(Vm, frame).Went(Verdict.GatewayServiceMissing, IcmpErrors.FirstToken(Vm)).As(error);
    }

    [Fact]
    public void EchoReply_ToTheGateway_IsNotAnsweredAsARequest() => _cloud.A.FromVm(
        Vm, Vm.ToGateway().IPv4(Vm.V4, _cloud.Blue.Gateway4).Icmp(IcmpV4Type.EchoReply).ToArray())
        .Went(Verdict.GatewayServiceMissing, IcmpErrors.FirstToken(Vm));
}
