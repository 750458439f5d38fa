using System.Buffers.Binary;
using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>What a DHCP server in a VM gives to another VM is that VM's address.</summary>
[Collection(PacketTests.Name)]
public sealed class DhcpSnoopTests
{
    private const byte Ack = 5;
    private const byte Release = 7;
    private readonly TestHost _a;
    private readonly TestHost _b;
    private readonly TestVm _client;
    private readonly TestVm _server;
    private readonly TestVm _far;

    public DhcpSnoopTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        (_a, _b) = (cloud.A, cloud.B);
        (_client, _server, _far) = (cloud.Blue5, cloud.Blue6, cloud.Blue7);
    }

    [Fact]
    public void Ack_FromThisHost_ClaimsForTheClient()
    {
        byte[] ack = FromServer(_server, Message(2, _client.Mac, Ack));
        _a.FromVm(_server, ack).Went(Verdict.DeliveredLocal, [_client.TrafficTo(ack.Length), .. Learned(LearningCloud.Vip4, LearnSource.Dhcp)]).As(ack);
        _a.FromVm(_server, ack).Went(Verdict.DeliveredLocal, _client.TrafficTo(ack.Length));
    }

    [Fact]
    public void Ack_FromAnotherHost_ClaimsForTheClient()
    {
        byte[] ack = FromServer(_far, Message(2, _client.Mac, Ack));
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, ack)).Went(Verdict.Decapsulated, [_client.TrafficTo(ack.Length), .. Learned(LearningCloud.Vip4, LearnSource.Dhcp)]).As(ack);
    }

    [Fact]
    public void Ack_ToTheAddressItGives_ReachesTheClientWhoeverHeldItBefore()
    {
        _a.FromVm(_server, LearningCloud.Announce(_server, LearningCloud.Vip4));
        byte[] ack = _server.To(_client).IPv4(_server.V4, LearningCloud.Vip4).Udp(67, 68).Payload(Message(2, _client.Mac, Ack)).ToArray();
        _a.FromVm(_server, ack).Went(Verdict.DeliveredLocal, _client.TrafficTo(ack.Length)).To(_client.Interface).As(ack);
        ack = _far.To(_client).IPv4(_far.V4, LearningCloud.Vip4).Udp(67, 68).Payload(Message(2, _client.Mac, Ack)).ToArray();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, ack)).Went(Verdict.Decapsulated, _client.TrafficTo(ack.Length)).To(_client.Interface).As(ack);
    }

    [Fact]
    public void Release_OfTheClient_GivesItUp()
    {
        _a.FromVm(_server, FromServer(_server, Message(2, _client.Mac, Ack)));
        byte[] release = _client.To(_server).IPv4(LearningCloud.Vip4, _server.V4).Udp(68, 67).Payload(Message(1, _client.Mac, Release)).ToArray();
        _a.FromVm(_client, release).Went(
            Verdict.DeliveredLocal,
            _server.TrafficTo(release.Length),
            LearningCloud.Held(_client, -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(_client, LearnSource.Dhcp), -1),
            LearningCloud.Told(LearnEventKind.Deleted, LearningCloud.Vip4, _client.Mac, _client.PortId)).As(release);
    }

    [Fact]
    public void Release_OfAnothersAddress_ReleasesNothing()
    {
        _a.FromVm(_server, LearningCloud.Announce(_server, LearningCloud.Vip4));
        byte[] release = _client.To(_server).IPv4(_client.V4, _server.V4).Udp(68, 67).Payload(Message(1, _client.Mac, Release)).ToArray();
        _a.FromVm(_client, release).Went(Verdict.DeliveredLocal, _server.TrafficTo(release.Length));
    }

    [Fact]
    public void Ack_ForAnAddressThatAnotherHolds_TakesNothing()
    {
        _a.FromVm(_server, LearningCloud.Announce(_server, LearningCloud.Vip4));
        Nothing(Message(2, _client.Mac, Ack));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.1.50")]
    [InlineData("0.0.0.0")]
    public void Ack_ForWhatIsNotToBeHad_ClaimsNothing(string address) => Nothing(Message(2, _client.Mac, Ack, address: address));

    [Fact]
    public void Message_OfAnotherKind_ClaimsNothing()
    {
        Nothing(Message(2, _client.Mac, 2)); // an offer
        Nothing(Message(1, _client.Mac, Ack)); // from a client
        Nothing(Message(2, _server.Mac, Ack)); // another client's
        Nothing(Message(2, _client.Mac, Ack, cookie: 0x63825364));
        Nothing(Message(2, _client.Mac, Ack, options: [])); // cut before its options
        Nothing(Message(2, _client.Mac, Ack, options: [53, 1])); // cut in them
        Nothing(Message(2, _client.Mac, Ack, options: [53, 2, Ack, 0, 255]));
        Nothing(Message(2, _client.Mac, Ack, options: [12, 255, 53, 1, Ack]));
        Nothing(Message(2, _client.Mac, Ack, options: [255, 53, 1, Ack]));
        Nothing(Message(2, _client.Mac, Ack, options: [.. new byte[100], 53, 1, Ack, 255])); // more than anybody pads
    }

    [Fact]
    public void Message_CutAtEveryLength_ClaimsNothing()
    {
        byte[] message = Message(2, _client.Mac, Ack, options: [53, 1, Ack]);
        for (int length = 0; length < message.Length; length += length < 230 ? 9 : 1)
        {
            Nothing(message[..length]);
        }
    }

    [Fact]
    public void Ack_WithOtherOptionsBefore_Claims()
    {
        byte[] ack = FromServer(_server, Message(2, _client.Mac, Ack, options: [0, 0, 54, 4, 10, 0, 0, 6, 0, 53, 1, Ack, 255]));
        _a.FromVm(_server, ack).Went(Verdict.DeliveredLocal, [_client.TrafficTo(ack.Length), .. Learned(LearningCloud.Vip4, LearnSource.Dhcp)]);
    }

    [Theory]
    [InlineData(LearnSources.All & ~LearnSources.Dhcp, 4)]
    [InlineData(LearnSources.All, 0)]
    public void Ack_ToAPortThatDoesNotLearnFromIt_ClaimsNothing(LearnSources sources, ushort limit)
    {
        LearningCloud.SetPort(_client, sources, limit);
        Nothing(Message(2, _client.Mac, Ack));
    }

    [Fact]
    public void Reply_OfDhcpV6_ClaimsEveryAddressWithALifetime()
    {
        IPAddress first = IPAddress.Parse("2001:db8:5001::51"), expired = IPAddress.Parse("2001:db8:5001::52"), second = IPAddress.Parse("2001:db8:5001::53");
        byte[] reply = V6(7, [.. Option(1, new byte[10]), .. Option(3, [.. new byte[12], .. IaAddress(first, 60), .. IaAddress(expired, 0), .. IaAddress(second, 60)])]);
        _a.FromVm(_server, reply).Went(
            Verdict.DeliveredLocal,
            _client.TrafficTo(reply.Length),
            LearningCloud.Held(_client, 2),
            LearningCloud.Entry(first, LearningCloud.Local(_client, LearnSource.DhcpV6)),
            LearningCloud.Entry(second, LearningCloud.Local(_client, LearnSource.DhcpV6)),
            LearningCloud.Told(LearnEventKind.Added, first, _client.Mac, _client.PortId),
            LearningCloud.Told(LearnEventKind.Added, second, _client.Mac, _client.PortId)).As(reply);
    }

    [Fact]
    public void Message_OfDhcpV6ThatMakesNoSense_ClaimsNothing()
    {
        byte[] address = IaAddress(LearningCloud.Vip6, 60);
        NothingV6(V6(2, Option(3, [.. new byte[12], .. address]))); // an advertise
        NothingV6(V6(7, Option(3, [.. new byte[12], .. address[..20]]))); // cut
        NothingV6(V6(7, Option(3, [.. new byte[12], 0, 5, 0, 23, .. address[4..27]]))); // too short for an address
        NothingV6(V6(7, [0, 9, 0xff, 0xff, .. Option(3, [.. new byte[12], .. address])]));
        NothingV6(V6(7, Option(3, [.. new byte[12], .. IaAddress(IPAddress.Parse("2001:db8:5002::50"), 60)])));
    }

    private static byte[] Message(byte operation, MacAddress client, byte type, string address = "10.0.0.50", uint cookie = 0x63825363, byte[]? options = null)
    {
        byte[] message = new byte[240];
        (message[0], message[1], message[2]) = (operation, 1, 6);
        IPAddress.Parse(address).GetAddressBytes().CopyTo(message, operation == 1 ? 12 : 16);
        client.CopyTo(message.AsSpan(28));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(236), cookie);
        return [.. message, .. options ?? [53, 1, type, 255]];
    }

    private static byte[] Option(ushort code, byte[] data) => [(byte)(code >> 8), (byte)code, (byte)(data.Length >> 8), (byte)data.Length, .. data];

    private static byte[] IaAddress(IPAddress address, byte lifetime) => Option(5, [.. address.GetAddressBytes(), 0, 0, 0, lifetime, 0, 0, 0, lifetime]);

    /// <summary>By unicast, to an address that policy knows, as a renewal.</summary>
    private byte[] FromServer(TestVm server, byte[] message) => server.To(_client).IPv4(server.V4, _client.V4).Udp(67, 68).Payload(message).ToArray();

    private byte[] V6(byte type, byte[] options) => _server.To(_client).IPv6(_server.LinkLocal, _client.LinkLocal).Udp(547, 546).Payload([type, 1, 2, 3, .. options]).ToArray();

    private void Nothing(byte[] message)
    {
        byte[] frame = FromServer(_server, message);
        _a.FromVm(_server, frame).Went(Verdict.DeliveredLocal, _client.TrafficTo(frame.Length));
    }

    private void NothingV6(byte[] frame) => _a.FromVm(_server, frame).Went(Verdict.DeliveredLocal, _client.TrafficTo(frame.Length));

    private string[] Learned(IPAddress address, LearnSource source) =>
    [
        LearningCloud.Entry(address, LearningCloud.Local(_client, source)),
        LearningCloud.Held(_client, 1),
        LearningCloud.Told(LearnEventKind.Added, address, _client.Mac, _client.PortId),
    ];
}
