using System.Diagnostics;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>Which frames the gateway answers with an error, and how many (RFC 1122, section 3.2.2; RFC 4443, section 2.4).</summary>
[Collection(PacketTests.Name)]
public sealed class IcmpErrorTests
{
    private readonly TestCloud _cloud;

    public IcmpErrorTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    /// <summary>Payloads whose packets end within the quote, at its end and beyond, at odd and even places.</summary>
    public static TheoryData<bool, int> Lengths => new MatrixTheoryData<bool, int>([false, true], [0, 1, 18, 33, 47, 48, 49, 67, 68, 69, 70, 500]);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Error_QuotesTheOffender_WithACorrectChecksum(bool v6, int payload)
    {
        byte[] frame = Unroutable(v6).Udp(1, 2).Payload(payload).ToArray();
        byte[] error = v6 ? IcmpErrors.V6(Vm, frame, IcmpV6Type.DestinationUnreachable, 0) : IcmpErrors.V4(Vm, frame, IcmpV4Type.DestinationUnreachable, 0);
        _cloud.A.FromVm(Vm, frame).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(Vm)).As(error);
    }

    [Theory]
    [InlineData(IcmpV4Type.DestinationUnreachable)]
    [InlineData(IcmpV4Type.TimeExceeded)]
    [InlineData(IcmpV4Type.ParameterProblem)]
    [InlineData(IcmpV4Type.Redirect)]
    public void IcmpError_IsNotAnswered(IcmpV4Type type) =>
        _cloud.A.FromVm(Vm, Unroutable(v6: false).Icmp(type).Payload(28).ToArray()).Dropped(Verdict.VirtualRouteMissing);

    [Theory]
    [InlineData(IcmpV6Type.DestinationUnreachable)]
    [InlineData(IcmpV6Type.PacketTooBig)]
    [InlineData(IcmpV6Type.TimeExceeded)]
    [InlineData(IcmpV6Type.ParameterProblem)]
    public void IcmpV6Error_IsNotAnswered(IcmpV6Type type) =>
        _cloud.A.FromVm(Vm, Unroutable(v6: true).Icmp(type).Payload(48).ToArray()).Dropped(Verdict.VirtualRouteMissing);

    [Fact]
    public void Echo_IsAnsweredWithAnError()
    {
        _cloud.A.FromVm(Vm, Unroutable(v6: false).Icmp(IcmpV4Type.EchoRequest).Payload(8).ToArray()).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(Vm));
        Assert.Equal(Passage.Redirect, _cloud.A.FromVm(Vm, Unroutable(v6: true).Icmp(IcmpV6Type.EchoRequest).Payload(8).ToArray()).Action);
    }

    [Fact]
    public void Fragment_IsAnsweredOnlyWhenItIsTheFirst()
    {
        byte[] Piece4(ushort offset) => Vm.ToGateway().IPv4(Vm.V4, System.Net.IPAddress.Parse("203.0.113.9"), h => h with
        {
            Flags = IPv4Flags.MoreFragments,
            FragmentOffset = offset,
            Protocol = IpProtocol.Udp,
        }).Payload(64).ToArray();

        byte[] Piece6(ushort offset) => Unroutable(v6: true).IPv6Fragment(new IPv6FragmentHeader(offset, true, 9)).Udp(1, 2).Payload(64).ToArray();

        _cloud.A.FromVm(Vm, Piece4(8)).Dropped(Verdict.VirtualRouteMissing);
        _cloud.A.FromVm(Vm, Piece6(8)).Dropped(Verdict.VirtualRouteMissing);
        _cloud.A.FromVm(Vm, Piece4(0)).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(Vm));
        Assert.Equal(Passage.Redirect, _cloud.A.FromVm(Vm, Piece6(0)).Action);
    }

    [Fact]
    public void GroupAddress_IsNotAnswered()
    {
        byte[] broadcast = Unroutable(v6: false).Udp(1, 2).ToArray();
        MacAddress.Parse("ff:ff:ff:ff:ff:ff").CopyTo(broadcast);
        _cloud.A.FromVm(Vm, broadcast).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Subnet_WithoutAGatewayOfTheFamily_StaysSilent()
    {
        _cloud.A.Programs.Map("subnets").Update(new SubnetKey(5001), new SubnetEntry(1, _cloud.Blue.GatewayMac, null, null));
        _cloud.A.FromVm(Vm, Unroutable(v6: false).Udp(1, 2).ToArray()).Dropped(Verdict.VirtualRouteMissing);
        _cloud.A.FromVm(Vm, Unroutable(v6: true).Udp(1, 2).ToArray()).Dropped(Verdict.VirtualRouteMissing);
    }

    [Fact]
    public void Bucket_WithoutTokens_WithholdsTheError()
    {
        // Filled in the future: nothing is earned meanwhile, however slowly this runs.
        ulong later = (ulong)Stopwatch.GetTimestamp() + 3_600_000_000_000;
        _cloud.A.Programs.Map("icmp_limits").Update(Vm.PortId, new BucketEntry(later, 1));
        byte[] frame = Unroutable(v6: false).Udp(1, 2).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.VirtualRouteMissing, $"port {Vm.PortId} error bucket -1");
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.ErrorRateLimited);
        _cloud.A.FromVm(_cloud.Blue6, Other(frame)).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(_cloud.Blue6));
    }

    [Fact]
    public void Bucket_AfterAWhile_IsFullAgainAndNotMore()
    {
        _cloud.A.Programs.Map("icmp_limits").Update(Vm.PortId, new BucketEntry(0, 0));
        byte[] frame = Unroutable(v6: false).Udp(1, 2).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.VirtualRouteMissing, $"port {Vm.PortId} error bucket +49");
    }

    private PacketBuilder Unroutable(bool v6) =>
        Vm.ToGateway().Ip(Vm.Address(v6), System.Net.IPAddress.Parse(v6 ? "2001:db8:ffff::9" : "203.0.113.9"));

    /// <summary>The same from Blue6.</summary>
    private byte[] Other(byte[] frame)
    {
        byte[] other = [.. frame];
        _cloud.Blue6.Mac.CopyTo(other.AsSpan(6));
        other[29] = 6;
        return other; // the IP checksum is wrong now, which is the receiver's to judge
    }
}
