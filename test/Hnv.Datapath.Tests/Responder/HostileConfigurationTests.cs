using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;
using Hnv.Wire.Tests.Wireshark;

namespace Hnv.Datapath.Tests.Responder;

/// <summary>Mutated requests: no answer ever has another port's address, and Wireshark has no objection to any.</summary>
[Collection(PacketTests.Name)]
public sealed class HostileConfigurationTests
{
    private readonly TestCloud _cloud;

    public HostileConfigurationTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        Pools.Give(_cloud.A, _cloud.Blue, _cloud.Blue5, _cloud.Blue6);
        Pools.Give(_cloud.A, _cloud.Red, _cloud.Red6);
    }

    private TestVm Vm => _cloud.Blue5;

    [Fact]
    public void Request_Mutated_IsNeverAnsweredWithAnothersAddress() => _cloud.Run(() =>
    {
        byte[][] others = [_cloud.Blue6.V4.GetAddressBytes(), _cloud.Blue6.V6.GetAddressBytes()];
        int answered = 0;
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(6000), Prop.ForAll(Mutated().ToArbitrary(), frame =>
        {
            (BpfTestRun run, DecisionEntry decision) = _cloud.A.Run("port_ingress", Vm.Interface, frame);
            if (run.ReturnValue != Passage.Redirect || decision.Verdict != Verdict.ConfigurationAnswered)
            {
                return;
            }

            answered++;
            byte[] answer = run.Packet;
            Assert.Equal(Passage.MarkDeliver, run.Context.Mark);
            Assert.True(answer.Length <= 1514);
            Assert.Equal(Vm.Subnet.GatewayMac, Model.Addressing.MacAddress.FromBytes(answer.AsSpan(6, 6)));
            if (DhcpIn(answer) is { } dhcp)
            {
                Assert.Contains(dhcp.YourAddress, (IPAddress[])[Vm.V4, IPAddress.Any]);
                Assert.Equal(Vm.Mac, dhcp.ClientMac);
            }
            else if (DhcpV6In(answer) is { } options)
            {
                Assert.All(Usable(options), address => Assert.Equal(Vm.V6, address));
            }
        }));
        Assert.True(answered > 500, $"Only {answered} of the mutated requests were answered: that tests little.");
    });

    [Fact]
    public async Task Answers_Wireshark_HasNoObjection()
    {
        byte[][] answers = [.. Requests().Select(frame => _cloud.A.FromVm(Vm, frame)).Where(p => p.Action == Passage.Redirect).Select(p => p.Bytes)];
        Assert.True(answers.Length >= Requests().Length - 2);
        Assert.Equal("", await Tshark.ReadAsync(
            answers, [.. Tshark.Checksums, "-Y", "_ws.expert || _ws.malformed || udp.checksum.status == 0 || icmpv6.checksum.status == 0 || ip.checksum.status == 0"]));
        Assert.Equal(answers.Length, (await Tshark.ReadAsync(answers, "-Y", "dhcp || dhcpv6 || icmpv6.type == 134")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static DhcpMessage? DhcpIn(byte[] frame) => frame[12] == 8 && DhcpMessage.TryParse(frame.AsSpan(42), out DhcpMessage message, out _) ? message : null;

    private static byte[]? DhcpV6In(byte[] frame) => frame[12] == 0x86 && frame[20] == (byte)IpProtocol.Udp ? frame[66..] : null;

    /// <summary>Addresses that the client may use: those with a lifetime.</summary>
    private static List<IPAddress> Usable(byte[] options)
    {
        List<IPAddress> addresses = [];
        var walk = new Dhcpv6Options(options);
        while (walk.MoveNext())
        {
            if (walk.Code != Dhcpv6Option.NonTemporaryAddresses)
            {
                continue;
            }

            var inner = new Dhcpv6Options(walk.Data[12..]);
            while (inner.MoveNext())
            {
                if (inner.Code == Dhcpv6Option.Address && inner.Data[20..24].ContainsAnyExcept((byte)0))
                {
                    addresses.Add(new IPAddress(inner.Data[..16]));
                }
            }

            Assert.False(inner.IsMalformed);
        }

        Assert.False(walk.IsMalformed);
        return addresses;
    }

    private Gen<byte[]> Mutated() =>
        from frame in Gen.Elements(Requests())
        from changes in Gen.Choose(1, 6)
        from at in Gen.Choose(14, frame.Length - 1).ArrayOf(changes)
        from value in Gen.Choose(0, 255).ArrayOf(changes)
        from cut in Gen.Frequency((8, Gen.Constant(0)), (1, Gen.Choose(1, 60)), (1, Gen.Choose(-60, -1)))
        select Mutate(frame, at, value, cut);

    private static byte[] Mutate(byte[] frame, int[] at, int[] value, int cut)
    {
        byte[] mutated = [.. frame];
        for (int i = 0; i < at.Length; i++)
        {
            mutated[at[i]] = (byte)value[i];
        }

        Array.Resize(ref mutated, Math.Max(TestHost.Smallest(mutated), mutated.Length - cut));
        return mutated;
    }

    /// <summary>One request of each kind, some of them for another's address.</summary>
    private byte[][] Requests()
    {
        DhcpMessage client = DhcpMessage.Request(0x12345678, Vm.Mac), bound = client with { ClientAddress = Vm.V4 };
        byte[] server = DhcpOptions.Addresses(DhcpOption.ServerIdentifier, Vm.Subnet.Gateway4), others = DhcpOptions.Addresses(DhcpOption.RequestedAddress, _cloud.Blue6.V4);
        byte[] id = DhcpOptions.Option(DhcpOption.ClientIdentifier, 1, 6, 6, 0, 0, 0, 5), size = DhcpOptions.Number16(DhcpOption.MaximumMessageSize, 1400);
        byte[] duid = Dhcpv6Options.Option(Dhcpv6Option.ClientId, [0, 3, 0, 1, 6, 6, 0, 0, 0, 5]);
        byte[] server6 = Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, Pools.ServerId);
        byte[] mine = Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, 7, 0, 0, Dhcpv6Options.Address(Vm.V6, 10, 20));
        byte[] wanted = Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, 8, 0, 0, Dhcpv6Options.Address(_cloud.Blue6.V6, 10, 20));
        byte[] prefix = Dhcpv6Options.Association(Dhcpv6Option.PrefixDelegation, 9, 0, 0), rapid = Dhcpv6Options.Option(Dhcpv6Option.RapidCommit);
        return
        [
            Pools.Dhcp(Vm, client, DhcpOptions.Type(DhcpMessageType.Discover), id, size),
            Pools.Dhcp(Vm, client with { Flags = DhcpMessage.Broadcast }, DhcpOptions.Type(DhcpMessageType.Discover), others, DhcpOptions.Option(DhcpOption.RapidCommit)),
            Pools.Dhcp(Vm, client, DhcpOptions.Type(DhcpMessageType.Request), server, DhcpOptions.Addresses(DhcpOption.RequestedAddress, Vm.V4), id),
            Pools.Dhcp(Vm, client, DhcpOptions.Type(DhcpMessageType.Request), others),
            Pools.DhcpToServer(Vm, bound, DhcpOptions.Type(DhcpMessageType.Request), id),
            Pools.DhcpToServer(Vm, bound, DhcpOptions.Type(DhcpMessageType.Inform)),
            Pools.DhcpToServer(Vm, bound, DhcpOptions.Type(DhcpMessageType.Release), server),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Solicit, 0x010203), duid, mine, wanted, prefix, Dhcpv6Options.TemporaryAssociation(3)),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Solicit, 0x010203), duid, rapid, wanted),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Request, 0x010203), duid, server6, mine),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Renew, 0x010203), duid, server6, wanted),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Rebind, 0x010203), duid, wanted, mine),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Confirm, 0x010203), duid, wanted),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.Release, 0x010203), duid, server6, mine),
            Pools.Dhcpv6(Vm, new(Dhcpv6MessageType.InformationRequest, 0x010203), duid),
            Pools.RouterSolicitation(Vm, null, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, Vm.Mac)),
            Pools.RouterSolicitation(Vm, IPAddress.IPv6Any),
        ];
    }
}
