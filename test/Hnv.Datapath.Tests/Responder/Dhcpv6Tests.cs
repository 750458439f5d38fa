using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Responder;

/// <summary>DHCPv6 in a subnet with a pool: every message of a client, byte for byte (RFC 8415, 18.3).</summary>
[Collection(PacketTests.Name)]
public sealed class Dhcpv6Tests
{
    private static readonly IPAddress s_other = IPAddress.Parse("2001:db8:5001::77");
    private static readonly byte[] s_serverId = Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, Pools.ServerId);
    private readonly TestCloud _cloud;

    public Dhcpv6Tests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        Pools.Give(_cloud.A, _cloud.Blue, _cloud.Blue5, _cloud.Blue6);
    }

    public static TheoryData<Dhcpv6MessageType> Asking => [Dhcpv6MessageType.Request, Dhcpv6MessageType.Renew];

    private TestVm Vm => _cloud.Blue5;

    /// <summary>DUID-LLT, 18 bytes with the option's head.</summary>
    private static byte[] ClientId => Dhcpv6Options.Option(Dhcpv6Option.ClientId, [0, 1, 0, 1, 1, 2, 3, 4, 6, 6, 0, 0, 0, 5]);

    [Fact]
    public void Solicit_IsAdvertisedTheLease() =>
        Send(Dhcpv6MessageType.Solicit, ClientId, Association(7)).Went(Verdict.ConfigurationAnswered).As(Answer(Dhcpv6MessageType.Advertise, ClientId, Leased(7)));

    [Fact]
    public void Solicit_WithRapidCommit_IsAnsweredAtOnce() =>
        Send(Dhcpv6MessageType.Solicit, ClientId, Dhcpv6Options.Option(Dhcpv6Option.RapidCommit), Association(7)).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Dhcpv6Options.Option(Dhcpv6Option.RapidCommit), Leased(7)));

    [Fact]
    public void Solicit_WithoutAssociation_GetsTheRestOfTheConfiguration() =>
        Send(Dhcpv6MessageType.Solicit, ClientId).Went(Verdict.ConfigurationAnswered).As(Answer(Dhcpv6MessageType.Advertise, ClientId));

    [Fact]
    public void Solicit_WithSeveralAssociations_TheFirstGetsTheLease() =>
        Send(
            Dhcpv6MessageType.Solicit, ClientId, Association(7), Association(8), Dhcpv6Options.TemporaryAssociation(9),
            Dhcpv6Options.Association(Dhcpv6Option.PrefixDelegation, 10, 0, 0)).Went(Verdict.ConfigurationAnswered)
            .As(Answer(
                Dhcpv6MessageType.Advertise, ClientId, Leased(7),
                Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, 8, 0, 0, Dhcpv6Options.Status(Dhcpv6Status.NoAddressesAvailable)),
                Dhcpv6Options.TemporaryAssociation(9, Dhcpv6Options.Status(Dhcpv6Status.NoAddressesAvailable)),
                Dhcpv6Options.Association(Dhcpv6Option.PrefixDelegation, 10, 0, 0, Dhcpv6Options.Status(Dhcpv6Status.NoPrefixAvailable))));

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(129)]
    [InlineData(130)]
    public void ClientIdentifier_IsGivenBack(int length)
    {
        byte[] id = Dhcpv6Options.Option(Dhcpv6Option.ClientId, [.. Enumerable.Range(1, length).Select(i => (byte)i)]);
        Send(Dhcpv6MessageType.Solicit, id, Association(7)).Went(Verdict.ConfigurationAnswered).As(Answer(Dhcpv6MessageType.Advertise, id, Leased(7)));
    }

    [Theory]
    [MemberData(nameof(Asking))]
    public void RequestAndRenew_AreAnsweredWithTheLease(Dhcpv6MessageType type) =>
        Send(type, ClientId, s_serverId, Association(7, Dhcpv6Options.Address(Vm.V6, 0, 0))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Leased(7)));

    [Fact]
    public void Rebind_IsAnsweredWithTheLease() =>
        Send(Dhcpv6MessageType.Rebind, ClientId, Association(7, Dhcpv6Options.Address(Vm.V6, 0, 0))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Leased(7)));

    [Fact]
    public void Renew_OfAnotherAddress_EndsThatOne() =>
        Send(Dhcpv6MessageType.Renew, ClientId, s_serverId, Association(7, Dhcpv6Options.Address(s_other, 1, 1))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Leased(7, Dhcpv6Options.Address(s_other, 0, 0))));

    [Fact]
    public void Confirm_SaysWhetherTheAddressIsTheLease()
    {
        Send(Dhcpv6MessageType.Confirm, ClientId, Association(7, Dhcpv6Options.Address(Vm.V6, 0, 0))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Dhcpv6Options.Status(Dhcpv6Status.Success)));
        Send(Dhcpv6MessageType.Confirm, ClientId, Association(7, Dhcpv6Options.Address(s_other, 0, 0))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Dhcpv6Options.Status(Dhcpv6Status.NotOnLink)));
    }

    [Theory]
    [InlineData(Dhcpv6MessageType.Release)]
    [InlineData(Dhcpv6MessageType.Decline)]
    public void ReleaseAndDecline_AreAnsweredWithSuccess(Dhcpv6MessageType type) =>
        Send(type, ClientId, s_serverId, Association(7, Dhcpv6Options.Address(Vm.V6, 0, 0))).Went(Verdict.ConfigurationAnswered)
            .As(Answer(Dhcpv6MessageType.Reply, ClientId, Dhcpv6Options.Status(Dhcpv6Status.Success)));

    [Fact]
    public void InformationRequest_IsAnswered_AlsoWithoutLeaseAndIdentifier()
    {
        Send(Dhcpv6MessageType.InformationRequest, ClientId).Went(Verdict.ConfigurationAnswered).As(Answer(Dhcpv6MessageType.Reply, ClientId));
        _cloud.A.AddLease(Vm, v6: false);
        Send(Dhcpv6MessageType.InformationRequest).Went(Verdict.ConfigurationAnswered).As(Answer(Dhcpv6MessageType.Reply));
    }

    [Fact]
    public void Message_ForAnotherServer_IsLeftToIt()
    {
        byte[] other = Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, Guid.Parse("00112233-4455-6677-8899-aabbccddee00"));
        byte[] shorter = Dhcpv6Options.Option(Dhcpv6Option.ServerId, [0, 3, 0, 1, 1, 2, 3, 4, 5, 6]);
        foreach (byte[] id in (byte[][])[other, shorter])
        {
            Send(Dhcpv6MessageType.Request, ClientId, id, Association(7)).Dropped(Verdict.FloodingDisabled);
            Send(Dhcpv6MessageType.InformationRequest, ClientId, id).Dropped(Verdict.FloodingDisabled);
        }
    }

    [Theory]
    [InlineData(Dhcpv6MessageType.Advertise)]
    [InlineData(Dhcpv6MessageType.Reply)]
    [InlineData(Dhcpv6MessageType.RelayForward)]
    [InlineData(Dhcpv6MessageType.Reconfigure)]
    public void MessageThatIsNoClients_IsNotAnswered(Dhcpv6MessageType type) => Send(type, ClientId).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Port_WithoutLeaseOrPool_IsNotAnswered()
    {
        _cloud.A.AddLease(Vm, v6: false);
        Send(Dhcpv6MessageType.Solicit, ClientId, Association(7)).Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(_cloud.Red5, Pools.Dhcpv6(_cloud.Red5, new(Dhcpv6MessageType.Solicit, 1), ClientId, Association(7))).Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(_cloud.Blue8, Pools.Dhcpv6(_cloud.Blue8, new(Dhcpv6MessageType.Solicit, 1), ClientId, Association(7))).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Message_WhoseSourceIsNotTheVms_IsRefused()
    {
        byte[] message = new Dhcpv6Message(Dhcpv6MessageType.Solicit, 1).ToArray(ClientId, Association(7));
        _cloud.A.FromVm(Vm, From(Vm.Mac, _cloud.Blue6.LinkLocal, message)).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.FromVm(Vm, From(_cloud.Blue6.Mac, _cloud.Blue6.LinkLocal, message)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, From(Vm.Mac, IPAddress.IPv6Any, message)).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Message_ThatContradictsItself_IsMalformed()
    {
        byte[] tooLong = Dhcpv6Options.Option(Dhcpv6Option.ClientId, new byte[131]), tooShort = Dhcpv6Options.Option(Dhcpv6Option.ClientId, [0, 1]);
        Send(Dhcpv6MessageType.Solicit, Association(7)).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, ClientId, s_serverId).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Request, ClientId, Association(7)).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Rebind, ClientId, s_serverId, Association(7)).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Confirm, ClientId, Association(7)).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.InformationRequest, ClientId, Association(7)).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, tooLong).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, tooShort).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, ClientId, Dhcpv6Options.Option(Dhcpv6Option.NonTemporaryAddresses, new byte[11])).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, ClientId, [0, 8, 0, 3, 0, 0]).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, ClientId, [0, 8, 0]).Dropped(Verdict.Malformed);
        Send(Dhcpv6MessageType.Solicit, [ClientId, .. Enumerable.Repeat(Dhcpv6Options.Option(Dhcpv6Option.ElapsedTime, 0, 0), 32)]).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Message_TruncatedAtEveryLength_IsMalformed()
    {
        byte[] frame = Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Solicit, 1), ClientId, Association(7));
        for (int length = 62; length < frame.Length; length++)
        {
            _cloud.A.FromVm(Vm, frame[..length]).Dropped(Verdict.Malformed);
        }
    }

    [Fact]
    public void Message_ThatEndsBehindItsPacket_IsMalformed()
    {
        byte[] frame = Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Solicit, 1), ClientId);
        frame[59] += 4; // UDP's length: an option of the padding
        Array.Resize(ref frame, 200);
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void ElevenAssociations_SixAreAnswered()
    {
        Passage passage = Send(Dhcpv6MessageType.Solicit, [ClientId, .. Enumerable.Range(1, 11).Select(i => Association((uint)i))]).Went(Verdict.ConfigurationAnswered);
        byte[][] others = [.. Enumerable.Range(2, 5).Select(i => Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, (uint)i, 0, 0, Dhcpv6Options.Status(Dhcpv6Status.NoAddressesAvailable)))];
        passage.As(Answer(Dhcpv6MessageType.Advertise, [ClientId, Leased(1), .. others]));
    }

    private static byte[] Association(uint id, params byte[][] addresses) => Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, id, 0, 0, addresses);

    private static byte[] From(Model.Addressing.MacAddress mac, IPAddress source, byte[] message) =>
        PacketBuilder.Ethernet(mac, IpAddresses.MulticastMac(IPAddress.Parse("ff02::1:2"))).IPv6(source, IPAddress.Parse("ff02::1:2"))
            .Udp(Dhcpv6Message.ClientPort, Dhcpv6Message.ServerPort).Payload(message).ToArray();

    private byte[] Leased(uint id, params byte[][] more) =>
        Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, id, 1800, 2880, [Dhcpv6Options.Address(Vm.V6, 3600, 7200), .. more]);

    private Passage Send(Dhcpv6MessageType type, params byte[][] options) => _cloud.A.FromVm(Vm, Pools.Dhcpv6(Vm, new(type, 0xabcdef), options));

    private byte[] Answer(Dhcpv6MessageType type, params byte[][] options) =>
        Pools.FromServer6(Vm).Payload(new Dhcpv6Message(type, 0xabcdef).ToArray([.. options, .. Pools.Options6])).ToArray();
}
