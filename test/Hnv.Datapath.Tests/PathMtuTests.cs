using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>A packet that does not fit the path is refused, and its sender is told what fits.</summary>
[Collection(PacketTests.Name)]
public sealed class PathMtuTests
{
    /// <summary>What NVGRE over IPv4 adds to an inner IP packet.</summary>
    private const int Overhead = 42;

    private readonly TestCloud _cloud;

    public PathMtuTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        _cloud.A.AddPeer(_cloud.B.Pa, mtu: 1500);
    }

    public static TheoryData<bool, int> Excesses => new MatrixTheoryData<bool, int>([false, true], [1, 2, 42, 56]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Packet_ThatJustFits_IsSent(bool v6)
    {
        Passage sent = _cloud.A.FromVm(_cloud.Blue5, Frame(1458, v6)).Went(Verdict.Encapsulated);
        Assert.Equal(1500, sent.Bytes.Length - 14);
    }

    [Theory]
    [MemberData(nameof(Excesses))]
    public void Packet_ThatDoesNotFit_IsAnsweredWithTheMtu(bool v6, int excess)
    {
        byte[] frame = Frame(1458 + excess, v6);
        Passage passage = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.MtuExceeded, IcmpErrors.FirstToken(_cloud.Blue5)).As(TooBig(frame, v6, 1458));
        Assert.Equal(Passage.MarkDeliver, passage.Mark);
    }

    [Fact]
    public void Packet_ToAnotherSubnet_IsMeasuredToo()
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue9, payload: 1459 - 28);
        Assert.Equal(Verdict.MtuExceeded, _cloud.A.FromVm(_cloud.Blue5, frame).Verdict);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Packet_ToAVmOfTheSameHost_NeedsNoRoomForTheTunnel(bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue6, v6, payload: 1500 - (v6 ? 48 : 28));
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SuperPacket_WhoseSegmentsDoNotFit_IsAnsweredWithTheMtu(bool v6)
    {
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).Ip(_cloud.Blue5.Address(v6), _cloud.Blue7.Address(v6))
            .Tcp(new TcpHeader(4000, 80, 1, 1, TcpFlags.Ack), [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]).Payload(3000).ToArray();
        uint headers = v6 ? 72u : 52u;
        Passage passage = _cloud.A.FromVm(_cloud.Blue5, frame, gsoSize: 1458 - headers + 1);
        passage.Went(Verdict.MtuExceeded, IcmpErrors.FirstToken(_cloud.Blue5)).As(TooBig(frame, v6, 1458));
        Assert.NotEqual(Verdict.MtuExceeded, _cloud.A.FromVm(_cloud.Blue5, frame, gsoSize: 1458 - headers).Verdict);
    }

    [Theory]
    [InlineData(1400, 1400)]
    [InlineData(576, 576)]
    [InlineData(68, 576)] // nobody forces packets smaller than every host must take
    [InlineData(0, 576)] // a router of before RFC 1191
    public void IcmpFromTheUnderlay_LowersThePathMtu(ushort said, int taken)
    {
        HearTooBig(said).ExpectMtu(taken);
        Assert.Equal(Verdict.Encapsulated, _cloud.A.FromVm(_cloud.Blue5, Frame(taken - Overhead, v6: false)).Verdict);
        byte[] frame = Frame(taken - Overhead + 1, v6: false);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.MtuExceeded, IcmpErrors.FirstToken(_cloud.Blue5)).As(TooBig(frame, v6: false, (uint)(taken - Overhead)));

        // Other peers' paths stay as they are.
        _cloud.A.AddRemote(_cloud.Blue7, _cloud.C.Pa);
        Assert.Equal(Verdict.Encapsulated, _cloud.A.FromVm(_cloud.Blue5, frame).Verdict);
    }

    [Fact]
    public void IcmpFromTheUnderlay_NeverRaisesThePathMtu()
    {
        HearTooBig(1500).LeftAlone();
        HearTooBig(9000).LeftAlone();
        HearTooBig(1300).ExpectMtu(1300);
        HearTooBig(1400).LeftAlone();
    }

    [Fact]
    public void IcmpFromTheUnderlay_ThatIsOld_CountsNoLonger()
    {
        _cloud.A.Programs.Map("path_mtus").Update<KernelAddress, PathMtuEntry>(_cloud.B.Pa, new PathMtuEntry(1000, 0, 1));
        Assert.Equal(Verdict.Encapsulated, _cloud.A.FromVm(_cloud.Blue5, Frame(1458, v6: false)).Verdict);
    }

    [Fact]
    public void IcmpFromTheUnderlay_ThatQuotesNothingOfOurs_ChangesNothing()
    {
        HearTooBig(1300, to: IPAddress.Parse("192.168.4.99")).LeftAlone(); // no peer
        HearTooBig(1300, from: IPAddress.Parse("192.168.4.98")).LeftAlone(); // not sent by this host
        HearTooBig(1300, vsid: 7777).LeftAlone(); // no subnet of this host
        HearTooBig(1300, type: IcmpV4Type.TimeExceeded).LeftAlone();
        HearTooBig(1300, code: (byte)IcmpV4Unreachable.Host).LeftAlone();
        byte[] icmp = TooBigFromUnderlay(1300);
        foreach (int at in (ReadOnlySpan<int>)[14 + 20 + 8 + 20 + 0, 14 + 20 + 8 + 20 + 2, 14 + 20 + 8 + 9])
        {
            byte[] other = [.. icmp];
            other[at] ^= 1; // GRE flags, GRE protocol, IP protocol of the quote
            _cloud.A.FromWire(other).LeftAlone();
        }

        for (int length = TestHost.Smallest(icmp); length < 14 + 20 + 8 + 20 + 8; length++)
        {
            _cloud.A.FromWire(icmp[..length]).LeftAlone();
        }
    }

    [Fact]
    public void IcmpOfTheHostItself_IsLeftToIt() =>
        _cloud.A.FromWire(PacketBuilder.Ethernet(default, default).IPv4(_cloud.B.Pa, _cloud.A.Pa).Icmp(IcmpV4Type.EchoRequest).Payload(8).ToArray()).LeftAlone();

    private byte[] Frame(int packet, bool v6) => _cloud.Blue5.UdpTo(_cloud.Blue7, v6, payload: packet - (v6 ? 48 : 28));

    private byte[] TooBig(byte[] frame, bool v6, uint mtu) => v6
        ? IcmpErrors.V6(_cloud.Blue5, frame, IcmpV6Type.PacketTooBig, 0, mtu)
        : IcmpErrors.V4(_cloud.Blue5, frame, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.FragmentationNeeded, mtu);

    private Heard HearTooBig(
        ushort mtu, IPAddress? from = null, IPAddress? to = null, uint vsid = 5001, IcmpV4Type type = IcmpV4Type.DestinationUnreachable, byte code = 4) =>
        new(_cloud.A.FromWire(TooBigFromUnderlay(mtu, from, to, vsid, type, code)), _cloud.B.Pa);

    /// <summary>From a router of the provider network, with what RFC 792 has it quote at least and a little more.</summary>
    private byte[] TooBigFromUnderlay(
        ushort mtu, IPAddress? from = null, IPAddress? to = null, uint vsid = 5001, IcmpV4Type type = IcmpV4Type.DestinationUnreachable, byte code = 4)
    {
        byte[] sent = TestCloud.Outer(from ?? _cloud.A.Pa, to ?? _cloud.B.Pa).Nvgre(vsid, 0x55).Frame(Frame(1458, v6: false)).ToArray();
        return PacketBuilder.Ethernet(default, default).IPv4(IPAddress.Parse("192.168.4.1"), _cloud.A.Pa).Icmp(type, code, mtu).Payload(sent.AsSpan(14, 28)).ToArray();
    }

    private sealed record Heard(Passage Passage, IPAddress Peer)
    {
        public void LeftAlone() => Passage.LeftAlone();

        /// <summary>The host's own stack hears it, too.</summary>
        public void ExpectMtu(int mtu)
        {
            Assert.Equal((Passage.Unspecified, HostState.Tell($"path MTU {Peer}", mtu)), (Passage.Action, Assert.Single(Passage.Changes)));
            Assert.Equal(Passage.Input, Passage.Bytes);
        }
    }
}
