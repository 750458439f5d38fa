using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Datapath.Tests;

/// <summary>Truncated, mutated and random frames, in every form: no decision ever leads into another tenant's network.</summary>
[Collection(PacketTests.Name)]
public sealed class HostileFrameTests
{
    private readonly TestCloud _cloud;

    public HostileFrameTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    public static TheoryData<Encapsulation, AddressFamily> Forms => FormTests.Forms;

    [Fact]
    public void FromVm_TruncatedAtEveryLength_IsMalformed() => _cloud.Run(() =>
    {
        foreach (byte[] frame in FromVm())
        {
            for (int length = TestHost.Smallest(frame); length < frame.Length; length++)
            {
                (BpfTestRun run, DecisionEntry decision) = _cloud.A.Run("port_ingress", _cloud.Blue5.Interface, frame[..length]);
                Assert.True(decision.Verdict == Verdict.Malformed && run.ReturnValue == Passage.Shot, $"{decision.Verdict} at {length} bytes of\n{PacketDescriber.Describe(frame)}");
            }
        }
    });

    [Theory]
    [MemberData(nameof(Forms))]
    public void FromWire_TruncatedAtEveryLength_IsMalformed(Encapsulation encapsulation, AddressFamily family) => _cloud.Run(() =>
    {
        FormCloud forms = new(_cloud, new(encapsulation, family));
        foreach (byte[] onWire in OnWire(forms))
        {
            for (int length = TestHost.Smallest(onWire); length < onWire.Length; length++)
            {
                (BpfTestRun run, DecisionEntry decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, onWire[..length]);

                // What ends before it says that it is ours is anybody's.
                bool anybodys = length < forms.Tunnel + 4 && run.ReturnValue == Passage.Unspecified;
                Assert.True(
                    anybodys || (run.ReturnValue == Passage.Shot && decision.Verdict == Verdict.Malformed),
                    $"{decision.Verdict}, action {run.ReturnValue} at {length} bytes of\n{PacketDescriber.Describe(onWire)}");
            }
        }
    });

    [Theory]
    [MemberData(nameof(Forms))]
    public void FromWire_InnerFrameTruncatedAtEveryLength_IsMalformed(Encapsulation encapsulation, AddressFamily family) => _cloud.Run(() =>
    {
        FormCloud forms = new(_cloud, new(encapsulation, family));
        foreach (byte[] inner in Inner())
        {
            for (int length = 0; length < inner.Length; length++)
            {
                (BpfTestRun run, DecisionEntry decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, forms.OnWire(_cloud.A, _cloud.B, 5001, inner[..length]));
                Assert.True(decision.Verdict == Verdict.Malformed && run.ReturnValue == Passage.Shot, $"{decision.Verdict} with {length} bytes of\n{PacketDescriber.Describe(inner)}");
            }
        }
    });

    [Theory]
    [MemberData(nameof(Forms))]
    public void FromVm_Mutated_NeverReachesAnotherTenant(Encapsulation encapsulation, AddressFamily family) => _cloud.Run(() =>
    {
        FormCloud forms = new(_cloud, new(encapsulation, family));
        Check(Mutated(FromVm()), 1500, frame =>
        {
            (BpfTestRun run, DecisionEntry decision) = _cloud.A.Run("port_ingress", _cloud.Blue5.Interface, frame);
            StaysBlue(_cloud.A, run, decision);
            Assert.Equal((5001u, 1u), (decision.SourceVsid.ToHost(), decision.Rd.ToHost()));
            if (decision.Verdict == Verdict.Encapsulated)
            {
                Assert.Contains(KeyOf(forms, run.Packet), (uint[])[5001, 5002]);
                (run, decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, run.Packet);
                StaysBlue(_cloud.B, run, decision);
            }
        });
    });

    [Fact]
    public void FromVm_RandomBytes_NeverReachAnotherTenant() => _cloud.Run(() => Check(RandomBytes(EthernetHeader.UntaggedLength, 300), 2000, frame =>
    {
        (BpfTestRun run, DecisionEntry decision) = _cloud.A.Run("port_ingress", _cloud.Blue5.Interface, frame);
        StaysBlue(_cloud.A, run, decision);
    }));

    [Theory]
    [MemberData(nameof(Forms))]
    public void FromWire_Mutated_StaysInTheSubnetOfItsKey(Encapsulation encapsulation, AddressFamily family) => _cloud.Run(() =>
    {
        FormCloud forms = new(_cloud, new(encapsulation, family));
        int arrived = 0;
        Check(Mutated(OnWire(forms)), 2500, onWire =>
        {
            (BpfTestRun run, DecisionEntry decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, onWire);
            Assert.Contains(run.ReturnValue, (int[])[Passage.Unspecified, Passage.Shot, Passage.Redirect]);
            bool told = decision.Verdict == Verdict.PolicyMissing && run.ReturnValue == Passage.Redirect; // Its sender is.
            Assert.Equal(run.ReturnValue == Passage.Redirect, told || decision.Verdict is Verdict.Decapsulated or Verdict.Hairpinned);
            if (decision.Verdict == Verdict.Decapsulated)
            {
                arrived++;
                uint vsid = decision.GreKey.ToHost() >> 8;
                Assert.Equal(vsid, KeyOf(forms, onWire));
                Assert.Equal(vsid, _cloud.Vms.Single(vm => vm.Host == _cloud.B && vm.Interface == (int)decision.Ifindex).Subnet.Vsid);
            }
        });
        Assert.True(arrived > 20, $"{arrived} frames were good enough to arrive");
    });

    [Theory]
    [MemberData(nameof(Forms))]
    public void FromWire_RandomBytesBehindTheHeaders_StayInTheSubnetOfTheirKey(Encapsulation encapsulation, AddressFamily family) => _cloud.Run(() =>
    {
        FormCloud forms = new(_cloud, new(encapsulation, family));
        Check(RandomBytes(0, 200), 1000, inner =>
        {
            (BpfTestRun run, DecisionEntry decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, forms.OnWire(_cloud.A, _cloud.B, 5001, inner));
            StaysBlue(_cloud.B, run, decision);
        });
    });

    /// <summary>The virtual subnet in a frame of that form.</summary>
    private static uint KeyOf(FormCloud forms, byte[] onWire) => (uint)onWire[forms.Inner - 4] << 16 | (uint)onWire[forms.Inner - 3] << 8 | onWire[forms.Inner - 2];

    private static void Check(Gen<byte[]> frames, int count, Action<byte[]> property) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(count), Prop.ForAll(frames.ToArbitrary(), property));

    private static Gen<byte[]> RandomBytes(int least, int most) =>
        from length in Gen.Choose(least, most)
        from bytes in Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(length)
        select bytes.Length < EthernetHeader.UntaggedLength ? bytes : Runnable(bytes);

    /// <summary>One to eight bytes changed, most of them in the headers; now and then cut or lengthened.</summary>
    private static Gen<byte[]> Mutated(IReadOnlyList<byte[]> frames) =>
        from frame in Gen.Elements(frames.ToArray())
        from changes in Gen.Choose(1, 8)
        from at in Gen.Choose(0, Math.Min(frame.Length, 130) - 1).ArrayOf(changes)
        from value in Gen.Choose(0, 255).ArrayOf(changes)
        from how in Gen.Choose(0, 2).ArrayOf(changes)
        from cut in Gen.Frequency((8, Gen.Constant(0)), (1, Gen.Choose(1, frame.Length - EthernetHeader.UntaggedLength)), (1, Gen.Choose(-40, -1)))
        select Mutate(frame, at, value, how, cut);

    private static byte[] Mutate(byte[] frame, int[] at, int[] value, int[] how, int cut)
    {
        byte[] mutated = [.. frame];
        for (int i = 0; i < at.Length; i++)
        {
            mutated[at[i]] = how[i] switch
            {
                0 => (byte)value[i],
                1 => (byte)(mutated[at[i]] ^ 1 << (value[i] & 7)),
                _ => (byte)(mutated[at[i]] + (value[i] < 128 ? 1 : -1)),
            };
        }

        Array.Resize(ref mutated, mutated.Length - cut);
        return Runnable(mutated);
    }

    private static byte[] Runnable(byte[] frame)
    {
        Array.Resize(ref frame, Math.Max(frame.Length, TestHost.Smallest(frame)));
        return frame;
    }

    private void StaysBlue(TestHost host, BpfTestRun run, DecisionEntry decision)
    {
        Assert.Contains(run.ReturnValue, (int[])[Passage.Unspecified, Passage.Shot, Passage.Redirect]);
        if (run.ReturnValue != Passage.Redirect)
        {
            Assert.True(decision.Verdict.IsDrop() || decision.Verdict is Verdict.Learned or Verdict.None, decision.Verdict.ToString());
            return;
        }

        Assert.Equal(1u, decision.Rd.ToHost());
        if (decision.Verdict is Verdict.DeliveredLocal or Verdict.Decapsulated)
        {
            Assert.Contains((int)decision.Ifindex, _cloud.Vms.Where(vm => vm.Host == host && vm.Subnet.Rd == 1).Select(vm => vm.Interface));
        }
        else if (decision.Verdict == Verdict.Encapsulated)
        {
            Assert.Contains(decision.DestinationVsid.ToHost(), (uint[])[5001, 5002]);
        }
    }

    /// <summary>Frames that reach a VM of another host as they are.</summary>
    private List<byte[]> Inner() =>
    [
        _cloud.Blue5.UdpTo(_cloud.Blue7),
        _cloud.Blue5.UdpTo(_cloud.Blue7, v6: true),
        _cloud.Blue5.To(_cloud.Blue7).Arp(new ArpPacket(ArpOperation.Request, _cloud.Blue5.Mac, _cloud.Blue5.V4, _cloud.Blue7.Mac, _cloud.Blue7.V4)).ToArray(),
        _cloud.Blue5.To(_cloud.Blue7).IPv6(_cloud.Blue5.V6, _cloud.Blue7.V6).IPv6Extension(IpProtocol.HopByHopOptions, [5, 2, 0, 0, 1, 0])
            .IPv6Fragment(new IPv6FragmentHeader(0, true, 7)).Udp(1, 2).Payload(40).ToArray(),
    ];

    private List<byte[]> FromVm() =>
    [
        .. Inner(),
        _cloud.Blue5.UdpTo(_cloud.Blue6),
        _cloud.Blue5.UdpTo(_cloud.Blue9),
        _cloud.Blue5.UdpTo(_cloud.Blue9, v6: true),
        _cloud.Blue5.ToGateway().IPv4(_cloud.Blue5.V4, _cloud.Blue.Gateway4).Icmp(IcmpV4Type.EchoRequest).Payload(8).ToArray(),
        _cloud.Blue5.To(_cloud.Blue7).IPv4(_cloud.Blue5.V4, _cloud.Blue7.V4, options: [7, 3, 4, 0]).Tcp(new TcpHeader(1, 2, 3, 4, TcpFlags.Syn)).ToArray(),
        PacketBuilder.Ethernet(_cloud.Blue5.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(_cloud.Blue7.V6)))
            .IPv6(_cloud.Blue5.V6, IpAddresses.SolicitedNode(_cloud.Blue7.V6), h => h with { HopLimit = 255 })
            .NeighborSolicitation(_cloud.Blue7.V6, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, _cloud.Blue5.Mac)).ToArray(),
    ];

    private List<byte[]> OnWire(FormCloud forms) =>
    [
        .. Inner().Select(frame => forms.OnWire(_cloud.A, _cloud.B, 5001, frame, 0x3f)),
        forms.OnWire(_cloud.A, _cloud.B, 6001, _cloud.Red5.UdpTo(_cloud.Red7)),
    ];
}
