using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Responder;

/// <summary>DHCP in a subnet with a pool: every message of a client, byte for byte (RFC 2131, 4.3).</summary>
[Collection(PacketTests.Name)]
public sealed class DhcpTests
{
    private static readonly IPAddress s_other = IPAddress.Parse("10.0.0.77");
    private readonly TestCloud _cloud;

    public DhcpTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        Pools.Give(_cloud.A, _cloud.Blue, _cloud.Blue5, _cloud.Blue6);
    }

    private TestVm Vm => _cloud.Blue5;

    private DhcpMessage Client => DhcpMessage.Request(0x12345678, Vm.Mac);

    private byte[] ServerId => DhcpOptions.Addresses(DhcpOption.ServerIdentifier, Vm.Subnet.Gateway4);

    [Fact]
    public void Discover_IsOfferedTheLease() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover)).Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4));

    [Fact]
    public void Answer_GoesBackIntoThePortMarked() =>
        Assert.Equal(Passage.MarkDeliver, Send(Client, DhcpOptions.Type(DhcpMessageType.Discover)).Mark);

    [Fact]
    public void Discover_WithTheBroadcastFlag_IsOfferedToAll() =>
        Send(Client with { Flags = DhcpMessage.Broadcast }, DhcpOptions.Type(DhcpMessageType.Discover))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: null, flags: DhcpMessage.Broadcast));

    [Fact]
    public void Discover_ForAnotherAddress_IsOfferedTheLease() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover), Requested(s_other))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4));

    [Fact]
    public void Discover_WithRapidCommit_IsAcknowledgedAtOnce() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover), DhcpOptions.Option(DhcpOption.RapidCommit))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4, rapid: true));

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(254)]
    [InlineData(255)]
    public void ClientIdentifier_IsGivenBack(int length)
    {
        byte[] id = DhcpOptions.Option(DhcpOption.ClientIdentifier, [.. Enumerable.Range(1, length).Select(i => (byte)i)]);
        byte[] large = DhcpOptions.Number16(DhcpOption.MaximumMessageSize, 1400);
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover), id, large)
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4, clientId: id));
    }

    [Fact]
    public void RequestOfAnOffer_IsAcknowledged() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Request), ServerId, Requested(Vm.V4))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4));

    [Fact]
    public void RequestAfterAReboot_IsAcknowledged() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Request), Requested(Vm.V4))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4));

    [Fact]
    public void RequestForAnotherAddress_IsRefusedToAll()
    {
        Send(Client, DhcpOptions.Type(DhcpMessageType.Request), Requested(s_other)).Went(Verdict.ConfigurationAnswered).As(Refusal());
        Send(Client, DhcpOptions.Type(DhcpMessageType.Request), ServerId, Requested(_cloud.Blue6.V4)).Went(Verdict.ConfigurationAnswered).As(Refusal());
        Send(Client with { ClientAddress = s_other }, DhcpOptions.Type(DhcpMessageType.Request)).Went(Verdict.ConfigurationAnswered).As(Refusal());
    }

    [Fact]
    public void Renewal_ToTheServerAlone_IsAcknowledged() =>
        _cloud.A.FromVm(Vm, Pools.DhcpToServer(Vm, Client with { ClientAddress = Vm.V4 }, DhcpOptions.Type(DhcpMessageType.Request)))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4, client: Vm.V4));

    [Fact]
    public void Rebinding_ByBroadcastFromTheAddress_IsAcknowledged()
    {
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(Vm.V4, IPAddress.Broadcast)
            .Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort)
            .Payload((Client with { ClientAddress = Vm.V4 }).ToArray(DhcpOptions.Type(DhcpMessageType.Request))).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4, client: Vm.V4));
    }

    [Fact]
    public void RequestOfAnotherServersOffer_IsLeftToIt() =>
        Send(Client, DhcpOptions.Type(DhcpMessageType.Request), DhcpOptions.Addresses(DhcpOption.ServerIdentifier, s_other), Requested(s_other))
            .Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Inform_GetsTheRestOfTheConfiguration() =>
        _cloud.A.FromVm(Vm, Pools.DhcpToServer(Vm, Client with { ClientAddress = Vm.V4 }, DhcpOptions.Type(DhcpMessageType.Inform)))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Ack, to: Vm.V4, client: Vm.V4, informs: true));

    [Theory]
    [InlineData(DhcpMessageType.Release)]
    [InlineData(DhcpMessageType.Decline)]
    public void ReleaseAndDecline_AreTakenInSilence(DhcpMessageType type) =>
        _cloud.A.FromVm(Vm, Pools.DhcpToServer(Vm, Client with { ClientAddress = Vm.V4 }, DhcpOptions.Type(type), ServerId))
            .Dropped(Verdict.ConfigurationAnswered);

    [Theory]
    [InlineData(DhcpMessageType.Offer)]
    [InlineData(DhcpMessageType.Ack)]
    [InlineData(DhcpMessageType.Nak)]
    [InlineData((DhcpMessageType)200)]
    public void MessageThatIsNoClients_IsNotAnswered(DhcpMessageType type) => Send(Client, DhcpOptions.Type(type)).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void MessageOfARelayOrAServer_IsNotAnswered()
    {
        Send(Client with { RelayAddress = Vm.V4 }, DhcpOptions.Type(DhcpMessageType.Discover)).Dropped(Verdict.FloodingDisabled);
        Send(Client with { IsReply = true }, DhcpOptions.Type(DhcpMessageType.Discover)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void ClientThatTakes576Bytes_GetsTheFirstOptionsWhole()
    {
        byte[][] many =
        [
            DhcpOptions.SubnetMask(Vm.Subnet.V4),
            DhcpOptions.ClasslessRoutes(Enumerable.Range(0, 24).Select(i => (new IPNetwork(new IPAddress([172, 16, (byte)i, 0]), 24), Vm.Subnet.Gateway4))),
            DhcpOptions.Text(DhcpOption.DomainName, new string('a', 63)),
            DhcpOptions.Addresses(DhcpOption.Router, Vm.Subnet.Gateway4),
        ];
        _cloud.A.SetDhcp4(Vm.Subnet, Dhcp4Entry.Create(Vm.Subnet.Gateway4, Pools.LeaseSeconds, many));
        byte[] small = [.. many[0], .. many[1]], large = [.. small, .. many[2], .. many[3], 0];
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover)).Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4, options: small));
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover), DhcpOptions.Number16(DhcpOption.MaximumMessageSize, 1458))
            .Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4, options: large));
    }

    [Fact]
    public void Port_WithoutLeaseOrPool_IsNotAnswered()
    {
        _cloud.A.AddLease(Vm, v4: false);
        Send(Client, DhcpOptions.Type(DhcpMessageType.Discover)).Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(Vm, Pools.DhcpToServer(Vm, Client with { ClientAddress = Vm.V4 }, DhcpOptions.Type(DhcpMessageType.Request)))
            .Went(Verdict.GatewayServiceMissing, IcmpErrors.FirstToken(Vm));
        _cloud.A.FromVm(_cloud.Red5, Pools.Dhcp(_cloud.Red5, DhcpMessage.Request(1, _cloud.Red5.Mac), DhcpOptions.Type(DhcpMessageType.Discover)))
            .Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(_cloud.Blue8, Pools.Dhcp(_cloud.Blue8, DhcpMessage.Request(1, _cloud.Blue8.Mac), DhcpOptions.Type(DhcpMessageType.Discover)))
            .Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Message_ForAnothersMac_IsRefused()
    {
        byte[] discover = DhcpOptions.Type(DhcpMessageType.Discover);
        Send(Client with { ClientMac = _cloud.Blue6.Mac }, discover).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Pools.Dhcp(Vm with { Mac = _cloud.Blue6.Mac }, Client, discover)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Pools.Dhcp(_cloud.Blue6, DhcpMessage.Request(1, _cloud.Blue6.Mac), discover)).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void Message_FromAnothersAddress_IsRefused()
    {
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(_cloud.Blue6.V4, IPAddress.Broadcast)
            .Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort).Payload(Client.ToArray(DhcpOptions.Type(DhcpMessageType.Discover))).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Theory]
    [InlineData("53010150")] // option 50 without its length
    [InlineData("350101320a0000ff")] // option 50 beyond the end
    [InlineData("350201 01ff")] // message type of two bytes
    [InlineData("350101 3203 0a0000 ff")] // an address of three bytes
    [InlineData("350101 3603 0a0000 ff")]
    [InlineData("350101 390105 ff")]
    [InlineData("350101 3d0101 ff")] // RFC 2132, 9.14: at least two
    [InlineData("ff")] // no message type
    [InlineData("350101")] // no end
    [InlineData("350103ff")] // REQUEST without an address
    [InlineData("")]
    public void Options_ThatContradictThemselves_AreMalformed(string options)
    {
        byte[] message = new byte[DhcpMessage.Length];
        Client.Write(message);
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(IPAddress.Any, IPAddress.Broadcast)
            .Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort)
            .Payload([.. message, .. Convert.FromHexString(options.Replace(" ", "", StringComparison.Ordinal))]).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Options_MoreThanAnyClientHas_AreMalformed() =>
        Send(Client, [.. Enumerable.Repeat(DhcpOptions.Option(DhcpOption.HostName, 1), 32), DhcpOptions.Type(DhcpMessageType.Discover)]).Dropped(Verdict.Malformed);

    [Fact]
    public void Message_TruncatedAtEveryLength_IsMalformedOrNotForUs()
    {
        byte[] frame = Pools.Dhcp(Vm, Client, DhcpOptions.Type(DhcpMessageType.Discover));
        for (int length = 42; length < frame.Length; length++)
        {
            _cloud.A.FromVm(Vm, frame[..length]).Dropped(Verdict.Malformed);
        }
    }

    [Fact]
    public void Frame_WithPaddingBehindThePacket_IsAnsweredTheSame()
    {
        byte[] frame = Pools.Dhcp(Vm, Client, DhcpOptions.Type(DhcpMessageType.Discover));
        Array.Resize(ref frame, 600);
        _cloud.A.FromVm(Vm, frame).Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4));
    }

    [Fact]
    public void Message_ThatEndsBehindItsPacket_IsMalformed()
    {
        byte[] frame = Pools.Dhcp(Vm, Client, DhcpOptions.Type(DhcpMessageType.Discover));
        frame[39]++; // UDP's length: into the padding
        Array.Resize(ref frame, 600);
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Packet_WithIpOptions_IsAnsweredTheSame()
    {
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(IPAddress.Any, IPAddress.Broadcast, options: [0x94, 4, 0, 0])
            .Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort).Payload(Client.ToArray(DhcpOptions.Type(DhcpMessageType.Discover))).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.ConfigurationAnswered).As(Answer(DhcpMessageType.Offer, to: Vm.V4));
    }

    [Fact]
    public void TracedMessage_IsDecidedAndLeavesNothing()
    {
        Passage passage = _cloud.A.FromVm(Vm, Pools.Dhcp(Vm, Client, DhcpOptions.Type(DhcpMessageType.Discover)), Passage.MarkTrace);
        Assert.Equal(Verdict.ConfigurationAnswered, passage.Verdict);
        Assert.Empty(passage.Changes);
    }

    private static byte[] Requested(IPAddress address) => DhcpOptions.Addresses(DhcpOption.RequestedAddress, address);

    private Passage Send(DhcpMessage message, params byte[][] options) => _cloud.A.FromVm(Vm, Pools.Dhcp(Vm, message, options));

    /// <summary>A message with an address and options; the program's own options come first, in 32 bytes.</summary>
    private byte[] Answer(
        DhcpMessageType type, IPAddress? to, ushort flags = 0, IPAddress? client = null, byte[]? clientId = null, bool rapid = false, bool informs = false, byte[]? options = null)
    {
        var message = new DhcpMessage(true, 0x12345678, flags, client ?? IPAddress.Any, informs ? IPAddress.Any : Vm.V4, IPAddress.Any, Vm.Mac);
        byte[] times = informs ? new byte[18] :
        [
            .. DhcpOptions.Number32(DhcpOption.LeaseTime, 3600), .. DhcpOptions.Number32(DhcpOption.RenewalTime, 1800),
            .. DhcpOptions.Number32(DhcpOption.RebindingTime, 3150),
        ];
        return Whole(message, type, [.. times, .. rapid ? DhcpOptions.Option(DhcpOption.RapidCommit) : [0, 0], 0, 0, 0],
            options ?? [.. Pools.Options4(Vm.Subnet).SelectMany(o => o)], clientId, to);
    }

    private byte[] Refusal() =>
        Whole(new DhcpMessage(true, 0x12345678, 0, IPAddress.Any, IPAddress.Any, IPAddress.Any, Vm.Mac), DhcpMessageType.Nak, new byte[23], [], null, null);

    private byte[] Whole(DhcpMessage message, DhcpMessageType type, byte[] own, byte[] options, byte[]? clientId, IPAddress? to)
    {
        byte[] tail = [.. clientId ?? [], 255];
        Array.Resize(ref tail, Math.Max(28, (tail.Length + 3) / 4 * 4));
        byte[] header = new byte[DhcpMessage.Length];
        message.Write(header);
        return Pools.FromServer(Vm, to).Payload([.. header, .. DhcpOptions.Type(type), .. ServerId, .. own, .. options, .. tail]).ToArray();
    }
}
