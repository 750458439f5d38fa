using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Datapath.Tests;

/// <summary>The same frames in every form: both encapsulations over both families of provider addresses, byte for byte.</summary>
[Collection(PacketTests.Name)]
public sealed class FormTests(TestCloud cloud)
{
    private const int OuterIp = 14;

    public static TheoryData<Encapsulation, AddressFamily> Forms => new MatrixTheoryData<Encapsulation, AddressFamily>(
        Enum.GetValues<Encapsulation>(), [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]);

    public static TheoryData<Encapsulation, AddressFamily, string> FormsAndKinds => new MatrixTheoryData<Encapsulation, AddressFamily, string>(
        Enum.GetValues<Encapsulation>(), [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], ["IPv4", "IPv6", "ARP"]);

    [Theory]
    [MemberData(nameof(FormsAndKinds))]
    public void Frame_TravelsInItsForm_AndArrivesAsItWas(Encapsulation encapsulation, AddressFamily family, string kind)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        byte[] frame = Frame(kind);
        Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Encapsulated).To(cloud.A.Uplink);
        sent.As(forms.OnWire(cloud.A, cloud.B, 5001, frame, forms.FlowOf(sent.Bytes)));
        if (kind == "ARP")
        {
            // The kernel reads the outer header at the uplink's ingress, and knows the way.
            Assert.Equal(Passage.MarkEncapsulated, sent.Mark);
            Passage again = cloud.A.FromWire(sent.Bytes, sent.Mark).As(sent.Bytes);
            Assert.Equal((Passage.Redirect, 0u), (again.Action, again.Mark));
            Assert.Empty(again.Changes);
        }

        Passage passage = cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(frame.Length)).To(cloud.Blue7.Interface).As(frame);
        Assert.Equal((KernelAddress)forms.PaOf(cloud.A), passage.Decision.Pa);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "IPv4")]
    [InlineData(AddressFamily.InterNetwork, "ARP")]
    [InlineData(AddressFamily.InterNetworkV6, "IPv4")]
    [InlineData(AddressFamily.InterNetworkV6, "ARP")]
    public void Frame_InVxlanWhileNoPortIsSet_IsDropped(AddressFamily family, string kind)
    {
        _ = new FormCloud(cloud, new(Encapsulation.Vxlan, family));
        cloud.A.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None));
        cloud.A.FromVm(cloud.Blue5, Frame(kind)).Dropped(Verdict.Internal);

        // Nobody else is concerned.
        _ = new FormCloud(cloud, new(Encapsulation.Nvgre, family));
        cloud.A.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None));
        cloud.A.FromVm(cloud.Blue5, Frame(kind)).Went(Verdict.Encapsulated);
    }

    [Theory]
    [MemberData(nameof(FormsAndKinds))]
    public void Frame_OfEverySize_ArrivesAsItWasSent(Encapsulation encapsulation, AddressFamily family, string kind) => cloud.Run(() =>
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        for (int size = kind == "IPv6" ? 62 : 42; size <= 1514; size += size < 140 ? 1 : 97)
        {
            byte[] frame = Frame(kind, size);
            (BpfTestRun sent, DecisionEntry decision) = cloud.A.Run("port_ingress", cloud.Blue5.Interface, frame);
            Assert.Equal((Verdict.Encapsulated, Passage.Redirect), (decision.Verdict, sent.ReturnValue));
            Assert.Equal(Convert.ToHexString(forms.OnWire(cloud.A, cloud.B, 5001, frame, forms.FlowOf(sent.Packet))), Convert.ToHexString(sent.Packet));

            (BpfTestRun received, decision) = cloud.B.Run("uplink_ingress", cloud.B.Uplink, sent.Packet);
            Assert.Equal((Verdict.Decapsulated, Passage.Redirect, Convert.ToHexString(frame)), (decision.Verdict, received.ReturnValue, Convert.ToHexString(received.Packet)));
        }
    });

    [Fact]
    public void Frame_WhereTheKernelTakesNoFamily_Arrives()
    {
        using var thread = new PacketThread();
        using var b = new TestHost(thread, "192.168.4.22", ("has_decap_l3", 0));
        TestVm to = cloud.Blue7 with { Host = b, Interface = thread.Interfaces[3] };
        foreach (EncapsulationForm form in EncapsulationForm.All)
        {
            FormCloud forms = new(cloud, form);
            b.Reset();
            b.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None, NetworkUInt16.ToNetwork(FormCloud.Port)));
            b.Programs.Map("local_pas").Update<KernelAddress, LocalPaEntry>(b.Pa6, new LocalPaEntry((uint)b.Uplink));
            b.AddPeer(forms.PaOf(cloud.A));
            forms.SetSubnet(b, cloud.Blue, entry => entry);
            b.AddRemote(cloud.Blue5, forms.PaOf(cloud.A));
            b.AddLocal(to);
            b.Programs.Map("ports").Update((uint)to.Interface, new PortEntry(5001, 1, to.PortId, PortFlags.Peer, to.Mac) with { Encapsulation = (Layouts.Encapsulation)form.Encapsulation });
            foreach (string kind in (ReadOnlySpan<string>)["IPv4", "IPv6", "ARP"])
            {
                foreach (int size in kind == "IPv6" ? (ReadOnlySpan<int>)[62, 63, 1000] : [42, 43, 53, 54, 60, 1000])
                {
                    byte[] frame = Frame(kind, size);
                    Passage passage = b.FromWire(forms.OnWire(forms.PaOf(cloud.A), forms.Is6 ? b.Pa6 : b.Pa, 5001, frame));
                    Assert.Equal((Verdict.Decapsulated, Passage.Redirect), (passage.Verdict, passage.Action));
                    passage.As(frame);

                    // ARP is neither family: only the device can say what is inside.
                    Assert.Equal(kind == "ARP" ? Passage.MarkDeliver : 0u, passage.Mark);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Congestion_GoesThroughTheTunnel(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        foreach (bool v6 in (ReadOnlySpan<bool>)[false, true])
        {
            byte[] capable = cloud.Blue5.UdpTo(cloud.Blue7, v6, trafficClass: 0xb8 | (byte)Ecn.Capable0);
            Passage sent = cloud.A.FromVm(cloud.Blue5, capable).Went(Verdict.Encapsulated);
            sent.As(forms.OnWire(cloud.A, cloud.B, 5001, capable, forms.FlowOf(sent.Bytes), (byte)Ecn.Capable0));

            byte[] marked = forms.OnWire(cloud.A, cloud.B, 5001, capable, trafficClass: (byte)Ecn.CongestionExperienced);
            cloud.B.FromWire(marked).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(capable.Length))
                .As(cloud.Blue5.UdpTo(cloud.Blue7, v6, trafficClass: 0xb8 | (byte)Ecn.CongestionExperienced));
            cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, cloud.Blue5.UdpTo(cloud.Blue7, v6), trafficClass: (byte)Ecn.CongestionExperienced))
                .Dropped(Verdict.EcnCongestionLost);
        }
    }

    [Theory]
    [MemberData(nameof(FormsAndKinds))]
    public void Frame_ForAVmThatMoved_IsSentOnInItsForm(Encapsulation encapsulation, AddressFamily family, string kind)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        cloud.B.Programs.Map("ports").Delete((uint)cloud.Blue7.Interface);
        cloud.B.AddRemote(cloud.Blue7, forms.PaOf(cloud.C));
        byte[] frame = Frame(kind);
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, frame, 7)).Went(Verdict.Hairpinned).To(cloud.B.Uplink).As(forms.OnWire(cloud.A, cloud.C, 5001, frame, 7, hops: 63));
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, frame, hops: 1)).Dropped(Verdict.DestinationCaPaMismatch);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void UdpChecksumOfTheSender_StaysRightOnTheWayToTheNewHost(AddressFamily family)
    {
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, family));
        cloud.B.Programs.Map("ports").Delete((uint)cloud.Blue7.Interface);
        cloud.B.AddRemote(cloud.Blue7, forms.PaOf(cloud.C));
        byte[] frame = Frame("IPv4");
        byte[] With(TestHost to, byte hops) => forms.Outer(forms.PaOf(cloud.A), forms.PaOf(to), hops: hops).Udp(0xc001, FormCloud.Port).Vxlan(5001).Frame(frame).ToArray();
        cloud.B.FromWire(With(cloud.B, 64)).Went(Verdict.Hairpinned).As(With(cloud.C, 63));
    }

    [Fact]
    public void Frame_ForAVmThatMovedToAHostOfTheOtherFamily_HasNoWay()
    {
        FormCloud forms = new(cloud, new(Encapsulation.Nvgre, AddressFamily.InterNetwork));
        cloud.B.Programs.Map("ports").Delete((uint)cloud.Blue7.Interface);
        cloud.B.AddRemote(cloud.Blue7, cloud.C.Pa6);
        cloud.B.AddPeer(cloud.C.Pa6);
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"))).Dropped(Verdict.ProviderRouteMissing);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Frame_InAnotherEncapsulationThanItsNetworks_IsDropped(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        var other = new FormCloud(cloud, new(encapsulation == Encapsulation.Nvgre ? Encapsulation.Vxlan : Encapsulation.Nvgre, family));
        foreach (string kind in (ReadOnlySpan<string>)["IPv4", "IPv6", "ARP"])
        {
            cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, Frame(kind))).Dropped(Verdict.EncapsulationMismatch);
        }

        // A destination that lives on a third host, and a group.
        other.SetSubnet(cloud.B, cloud.Blue, entry => entry with { Flags = SubnetFlags.Floods });
        cloud.B.AddRemote(cloud.Blue7, other.PaOf(cloud.C));
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"))).Dropped(Verdict.EncapsulationMismatch);
        byte[] broadcast = PacketBuilder.Ethernet(cloud.Blue5.Mac, LearningCloud.Broadcast).IPv4(cloud.Blue5.V4, IPAddress.Broadcast).Udp(1, 2).Payload(20).ToArray();
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, broadcast)).Dropped(Verdict.EncapsulationMismatch);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Sender_ThatPolicyDoesNotNameOrHasElsewhere_IsRefused(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        IPAddress stranger = forms.Is6 ? IPAddress.Parse("fd00:4::99") : IPAddress.Parse("192.168.4.99");
        cloud.B.FromWire(forms.OnWire(stranger, forms.PaOf(cloud.B), 5001, Frame("IPv4"))).Dropped(Verdict.UnknownPeer);
        cloud.B.FromWire(forms.OnWire(cloud.C, cloud.B, 5001, Frame("IPv4"))).Dropped(Verdict.SourceCaPaMismatch);

        // Hosts tell each other of it where that is defined.
        Passage missing = cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 7777, Frame("IPv4")));
        Assert.Equal((Verdict.PolicyMissing, forms.Is6 || forms.IsVxlan ? Passage.Shot : Passage.Redirect), (missing.Verdict, missing.Action));

        // To an address that is not ours.
        cloud.B.FromWire(forms.OnWire(forms.PaOf(cloud.A), stranger, 5001, Frame("IPv4"))).LeftAlone();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Vni_Zero_AndOthersThatNoSubnetHas_AreRefused(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        foreach (uint vsid in (ReadOnlySpan<uint>)[0, 1, 0xffffff])
        {
            Assert.Equal(Verdict.PolicyMissing, cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, vsid, Frame("IPv4"))).Verdict);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void VlanTag_Inside_IsRefused(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        byte[] tagged = PacketBuilder.Ethernet(cloud.Blue5.Mac, cloud.Blue7.Mac, new VlanTag(EtherType.Vlan, 5)).IPv4(cloud.Blue5.V4, cloud.Blue7.V4).Udp(1, 2).Payload(20).ToArray();
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 5001, tagged)).Dropped(Verdict.InnerVlanTag);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Packet_CutAnywhere_ReachesNobody(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        byte[] onWire = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
        for (int length = TestHost.Smallest(onWire); length < onWire.Length; length++)
        {
            Passage passage = cloud.B.FromWire(onWire[..length]);
            Assert.True(passage is { Action: Passage.Shot, Verdict: Verdict.Malformed } || (passage.Action == Passage.Unspecified && length < forms.Tunnel + 8), $"{length}: {passage.Verdict} {passage.Action}");
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Header_ThatIsNotAsItMustBe_IsRefused(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        void Refused(string what, Action<byte[]> change, Verdict verdict = Verdict.Malformed)
        {
            byte[] onWire = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
            change(onWire);
            FixChecksum(forms, onWire);
            Passage passage = cloud.B.FromWire(onWire);
            Assert.True(passage.Action == Passage.Shot && passage.Verdict == verdict, $"{what}: {passage.Verdict}, {passage.Action}");
        }

        if (forms.IsVxlan)
        {
            Refused("no I flag", p => p[forms.Tunnel + 8] = 0);
            Refused("only reserved flags", p => p[forms.Tunnel + 8] = 0xf7);
            Refused("UDP longer than the packet", p => Add(p, forms.Tunnel + 4, 1));
            Refused("UDP shorter than the packet", p => Add(p, forms.Tunnel + 4, -1));
            Refused("UDP shorter than its header", p => BinaryPrimitives.WriteUInt16BigEndian(p.AsSpan(forms.Tunnel + 4), 4));
            byte[] reserved = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
            reserved[forms.Tunnel + 8] = 0xff;
            reserved[forms.Tunnel + 9] = reserved[forms.Tunnel + 11] = reserved[forms.Tunnel + 15] = 0xff;
            cloud.B.FromWire(reserved).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(Frame("IPv4").Length)).As(Frame("IPv4"));
        }
        else
        {
            foreach (int flag in (ReadOnlySpan<int>)[0x80, 0x40, 0x10, 0x08, 0x01])
            {
                Refused($"GRE flag {flag:x}", p => p[forms.Tunnel] |= (byte)flag);
            }

            Refused("no key", p => p[forms.Tunnel] = 0);
            Refused("GRE version 1", p => p[forms.Tunnel + 1] = 1);
        }

        int length = OuterIp + (forms.Is6 ? 4 : 2);
        Refused("IP longer than the bytes", p =>
        {
            Add(p, length, 1);
            Add(p, forms.Tunnel + 4, forms.IsVxlan ? 1 : 0);
        });
        Refused("IP that ends in the tenant's Ethernet header", p =>
        {
            int total = forms.Inner + 13 - 14 - (forms.Is6 ? 40 : 0);
            BinaryPrimitives.WriteUInt16BigEndian(p.AsSpan(length), (ushort)total);
            if (forms.IsVxlan)
            {
                BinaryPrimitives.WriteUInt16BigEndian(p.AsSpan(forms.Tunnel + 4), (ushort)(total - (forms.Is6 ? 0 : 20)));
            }
        });
        if (!forms.Is6)
        {
            Refused("more fragments", p => p[OuterIp + 6] = 0x20, Verdict.Fragmented);
        }
    }

    /// <summary>RFC 7348 section 5: a sum that is not verified does not keep a packet from being accepted.</summary>
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void UdpChecksum_OfAPeerThatSendsOne_IsNotLookedAt(AddressFamily family)
    {
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, family));
        byte[] onWire = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
        BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(forms.Tunnel + 6), 0x1234);
        cloud.B.FromWire(onWire).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(Frame("IPv4").Length)).As(Frame("IPv4"));
    }

    [Theory]
    [InlineData(Encapsulation.Nvgre, 44, Verdict.Fragmented)]
    [InlineData(Encapsulation.Vxlan, 44, Verdict.Fragmented)]
    [InlineData(Encapsulation.Nvgre, 0, Verdict.Malformed)]
    [InlineData(Encapsulation.Vxlan, 0, Verdict.Malformed)]
    [InlineData(Encapsulation.Nvgre, 43, Verdict.Malformed)]
    [InlineData(Encapsulation.Vxlan, 60, Verdict.Malformed)]
    public void ExtensionHeader_InFrontOfWhatIsOurs_IsRefused(Encapsulation encapsulation, byte extension, Verdict verdict)
    {
        FormCloud forms = new(cloud, new(encapsulation, AddressFamily.InterNetworkV6));
        byte[] Make(IPAddress from, ushort offset = 0)
        {
            PacketBuilder ip = PacketBuilder.Ethernet(default, default).IPv6(from, cloud.B.Pa6);
            PacketBuilder behind = extension == 44 ? ip.IPv6Fragment(new IPv6FragmentHeader(offset, true, 9)) : ip.IPv6Extension((IpProtocol)extension, [1, 4, 0, 0, 0, 0]);
            return (forms.IsVxlan ? behind.UdpWithoutChecksum(0xc000, FormCloud.Port).Vxlan(5001) : behind.Nvgre(5001)).Frame(Frame("IPv4")).ToArray();
        }

        cloud.B.FromWire(Make(cloud.A.Pa6)).Dropped(verdict);

        // Of a stranger it may be anybody's.
        cloud.B.FromWire(Make(IPAddress.Parse("fd00:4::99"))).LeftAlone();
        if (extension == 44 && !forms.IsVxlan)
        {
            cloud.B.FromWire(Make(cloud.A.Pa6, 64)).Dropped(Verdict.Fragmented);
        }
    }

    /// <summary>A GRE tunnel of the host's own (gretap without a key, with a sum, with sequence numbers) is no NVGRE.</summary>
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Gre_OfAStranger_ThatIsNotExactlyNvgre_IsTheHosts(AddressFamily family)
    {
        FormCloud forms = new(cloud, new(Encapsulation.Nvgre, family));
        IPAddress stranger = forms.Is6 ? IPAddress.Parse("fd00:4::99") : IPAddress.Parse("192.168.4.99");
        foreach (int flags in (ReadOnlySpan<int>)[0x0000, 0x8000, 0x1000, 0xa000, 0x3000, 0xb000, 0x2001])
        {
            foreach ((IPAddress from, bool isPeer) in new[] { (stranger, false), (forms.PaOf(cloud.A), true) })
            {
                byte[] onWire = forms.OnWire(from, forms.PaOf(cloud.B), 5001, Frame("IPv4"));
                BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(forms.Tunnel), (ushort)flags);
                if (isPeer)
                {
                    cloud.B.FromWire(onWire).Dropped(Verdict.Malformed);
                    continue;
                }

                cloud.B.FromWire(onWire).LeftAlone();

                // No key, and no room for one.
                byte[] least = onWire[..(forms.Tunnel + 4)];
                Add(least, OuterIp + (forms.Is6 ? 4 : 2), least.Length - onWire.Length);
                FixChecksum(forms, least);
                cloud.B.FromWire(least).LeftAlone();
            }
        }
    }

    /// <summary>Another tunnel of this host has the port of VXLAN, too: what our peers send in virtual subnets that are here is ours, everything else its own.</summary>
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void VxlanPort_ThatAnotherTunnelHasToo_IsOursForPeersInSubnetsHere(AddressFamily family)
    {
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, family));
        IPAddress stranger = forms.Is6 ? IPAddress.Parse("fd00:4::99") : IPAddress.Parse("192.168.4.99");
        byte[] frame = Frame("IPv4"), ours = forms.OnWire(cloud.A, cloud.B, 5001, frame);
        byte[] malformed = [.. ours], extended = [];
        malformed[forms.Tunnel + 8] = 0x04; // without a VNI (VXLAN-GPE)
        if (forms.Is6)
        {
            extended = PacketBuilder.Ethernet(default, default).IPv6(cloud.A.Pa6, cloud.B.Pa6).IPv6Fragment(new IPv6FragmentHeader(0, true, 9))
                .UdpWithoutChecksum(0xc000, FormCloud.Port).Vxlan(5001).Frame(frame).ToArray();
        }

        cloud.B.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.VxlanShared, NetworkUInt16.ToNetwork(FormCloud.Port)));
        cloud.B.FromWire(forms.OnWire(stranger, forms.PaOf(cloud.B), 42, frame)).LeftAlone();
        cloud.B.FromWire(forms.OnWire(stranger, forms.PaOf(cloud.B), 5001, frame)).LeftAlone();
        cloud.B.FromWire(forms.OnWire(cloud.A, cloud.B, 42, frame)).LeftAlone(); // a host may be our peer and the other tunnel's
        cloud.B.FromWire(malformed).LeftAlone();
        if (forms.Is6)
        {
            cloud.B.FromWire(extended).LeftAlone();
        }

        cloud.B.FromWire(ours).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(frame.Length)).As(frame);
        cloud.B.FromWire(forms.OnWire(cloud.C, cloud.B, 5001, frame)).Dropped(Verdict.SourceCaPaMismatch);
        forms.SetSubnet(cloud.B, cloud.Blue, entry => entry with { Encapsulation = Layouts.Encapsulation.Nvgre });
        cloud.B.FromWire(ours).LeftAlone();
    }

    [Theory]
    [InlineData(Encapsulation.Nvgre)]
    [InlineData(Encapsulation.Vxlan)]
    public void OuterIPv6_OfAnotherVersion_IsTheHosts(Encapsulation encapsulation)
    {
        FormCloud forms = new(cloud, new(encapsulation, AddressFamily.InterNetworkV6));
        foreach (int version in (ReadOnlySpan<int>)[0, 4, 5, 7, 15])
        {
            byte[] onWire = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
            onWire[OuterIp] = (byte)((version << 4) | (onWire[OuterIp] & 0xf));
            cloud.B.FromWire(onWire).LeftAlone();
        }
    }

    [Fact]
    public void Traffic_OfTheHostItself_IsLeftToIt()
    {
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, AddressFamily.InterNetworkV6));
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            (IPAddress from, IPAddress to) = six ? (cloud.A.Pa6, cloud.B.Pa6) : (cloud.A.Pa, cloud.B.Pa);
            cloud.B.FromWire(PacketBuilder.Ethernet(default, default).Ip(from, to).Udp(5000, 53).Payload(100).ToArray()).LeftAlone();
            cloud.B.FromWire(PacketBuilder.Ethernet(default, default).Ip(from, to).Udp(4789, 5000).Payload(100).ToArray()).LeftAlone();
            cloud.B.FromWire(PacketBuilder.Ethernet(default, default).Ip(from, to).Tcp(new TcpHeader(4789, 4789, 1, 1, TcpFlags.Ack)).Payload(100).ToArray()).LeftAlone();
            cloud.B.FromWire(PacketBuilder.Ethernet(default, default).Ip(from, to).Gre(new GreHeader(GreFlags.None, EtherType.IPv4)).Payload(new byte[100]).ToArray()).LeftAlone();
        }

        cloud.B.FromWire(PacketBuilder.Ethernet(default, default).IPv6(cloud.A.Pa6, cloud.B.Pa6).Icmp(IcmpV6Type.EchoRequest).Payload(8).ToArray()).LeftAlone();
        cloud.B.FromWire(PacketBuilder.Ethernet(default, default).IPv6(cloud.A.Pa6, cloud.B.Pa6).IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0]).Udp(1, 2).Payload(9).ToArray()).LeftAlone();
        cloud.B.FromWire(PacketBuilder.Ethernet(default, default).IPv6(cloud.A.Pa6, cloud.B.Pa6, h => h with { NextHeader = IpProtocol.IPv6NoNextHeader }).ToArray()).LeftAlone();

        // Where no network here is in VXLAN, its port is anybody's.
        byte[] vxlan = forms.OnWire(cloud.A, cloud.B, 5001, Frame("IPv4"));
        byte[] vxlan4 = forms.OnWire(cloud.A.Pa, cloud.B.Pa, 5001, Frame("IPv4"));
        cloud.B.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None));
        cloud.B.FromWire(vxlan).LeftAlone();
        cloud.B.FromWire(vxlan4).LeftAlone();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Packet_ThatDoesNotFit_IsAnsweredWithWhatFitsTheForm(Encapsulation encapsulation, AddressFamily family)
    {
        EncapsulationForm form = new(encapsulation, family);
        FormCloud forms = new(cloud, form);
        cloud.A.AddPeer(forms.PaOf(cloud.B), mtu: 1500);
        int fits = 1500 - form.Room;
        Assert.Equal((encapsulation, family) switch
        {
            (Encapsulation.Nvgre, AddressFamily.InterNetwork) => 1458,
            (Encapsulation.Nvgre, _) => 1438,
            (_, AddressFamily.InterNetwork) => 1450,
            _ => 1430,
        }, fits);
        foreach (bool v6 in (ReadOnlySpan<bool>)[false, true])
        {
            Assert.Equal(1514, cloud.A.FromVm(cloud.Blue5, Sized(fits, v6)).Went(Verdict.Encapsulated).Bytes.Length);
            byte[] tooLarge = Sized(fits + 1, v6);
            Passage told = cloud.A.FromVm(cloud.Blue5, tooLarge);
            Assert.Equal(Verdict.MtuExceeded, told.Verdict);
            told.As(v6
                ? IcmpErrors.V6(cloud.Blue5, tooLarge, IcmpV6Type.PacketTooBig, 0, (uint)fits)
                : IcmpErrors.V4(cloud.Blue5, tooLarge, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.FragmentationNeeded, (uint)fits));
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void TooBig_FromTheUnderlay_LowersThePathMtu(Encapsulation encapsulation, AddressFamily family)
    {
        EncapsulationForm form = new(encapsulation, family);
        FormCloud forms = new(cloud, form);
        byte[] Heard(uint mtu, uint vsid = 5001, IPAddress? from = null, int quoted = 100, int version = 0)
        {
            byte[] sent = forms.OnWire(from ?? forms.PaOf(cloud.A), forms.PaOf(cloud.B), vsid, Sized(1000, v6: false));
            sent[OuterIp] ^= (byte)(version << 4);
            ReadOnlySpan<byte> quote = sent.AsSpan(14, quoted);
            return forms.Is6
                ? PacketBuilder.Ethernet(default, default).IPv6(IPAddress.Parse("fd00:4::1"), cloud.A.Pa6).Icmp(IcmpV6Type.PacketTooBig, 0, mtu).Payload(quote).ToArray()
                : PacketBuilder.Ethernet(default, default).IPv4(IPAddress.Parse("192.168.4.1"), cloud.A.Pa).Icmp(IcmpV4Type.DestinationUnreachable, 4, mtu).Payload(quote).ToArray();
        }

        cloud.A.FromWire(Heard(1400, vsid: 7777)).LeftAlone();
        cloud.A.FromWire(Heard(1400, from: forms.PaOf(cloud.C))).LeftAlone();
        cloud.A.FromWire(Heard(1400, quoted: forms.Inner - 14 - 1)).LeftAlone();
        cloud.A.FromWire(Heard(9000)).LeftAlone();
        cloud.A.FromWire(Heard(1400, version: 1)).LeftAlone();
        Passage heard = cloud.A.FromWire(Heard(1400));
        Assert.Equal((Passage.Unspecified, $"path MTU {forms.PaOf(cloud.B)} +1400"), (heard.Action, Assert.Single(heard.Changes)));
        Assert.Equal(Verdict.Encapsulated, cloud.A.FromVm(cloud.Blue5, Sized(1400 - form.Room, v6: false)).Verdict);
        Assert.Equal(Verdict.MtuExceeded, cloud.A.FromVm(cloud.Blue5, Sized(1400 - form.Room + 1, v6: false)).Verdict);

        // Nobody forces packets smaller than every link carries.
        int floor = forms.Is6 ? 1280 : 576;
        cloud.A.FromWire(Heard(100));
        Assert.Equal(Verdict.Encapsulated, cloud.A.FromVm(cloud.Blue5, Sized(floor - form.Room, v6: false)).Verdict);
        Assert.Equal(Verdict.MtuExceeded, cloud.A.FromVm(cloud.Blue5, Sized(floor - form.Room + 1, v6: false)).Verdict);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void VxlanPort_ThatHostsAreTold_IsWrittenAndTaken_AndNoOther(AddressFamily family)
    {
        const ushort port = 8472;
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, family), port);
        foreach (string kind in (ReadOnlySpan<string>)["IPv4", "IPv6", "ARP"])
        {
            byte[] frame = Frame(kind);
            Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Encapsulated).To(cloud.A.Uplink);
            sent.As(forms.OnWire(cloud.A, cloud.B, 5001, frame, forms.FlowOf(sent.Bytes)));
            cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, cloud.Blue7.TrafficTo(frame.Length)).To(cloud.Blue7.Interface).As(frame);
            cloud.B.FromWire(AtTheUsualPort(sent.Bytes)).LeftAlone();
        }

        byte[] Heard(byte[] quoted) => forms.Is6
            ? PacketBuilder.Ethernet(default, default).IPv6(IPAddress.Parse("fd00:4::1"), cloud.A.Pa6).Icmp(IcmpV6Type.PacketTooBig, 0, 1400).Payload(quoted.AsSpan(14, 100)).ToArray()
            : PacketBuilder.Ethernet(default, default).IPv4(IPAddress.Parse("192.168.4.1"), cloud.A.Pa).Icmp(IcmpV4Type.DestinationUnreachable, 4, 1400).Payload(quoted.AsSpan(14, 100)).ToArray();
        byte[] large = forms.OnWire(cloud.A, cloud.B, 5001, Sized(1000, v6: false));
        cloud.A.FromWire(Heard(AtTheUsualPort(large))).LeftAlone();
        Assert.Equal($"path MTU {forms.PaOf(cloud.B)} +1400", Assert.Single(cloud.A.FromWire(Heard(large)).Changes));

        byte[] AtTheUsualPort(byte[] onWire)
        {
            byte[] other = [.. onWire];
            BinaryPrimitives.WriteUInt16BigEndian(other.AsSpan(forms.Tunnel + 2), FormCloud.Port);
            return other;
        }
    }

    private static void Add(byte[] packet, int offset, int change) =>
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(offset), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(offset)) + change));

    private static void FixChecksum(FormCloud forms, byte[] frame)
    {
        if (!forms.Is6)
        {
            Span<byte> ip = frame.AsSpan(OuterIp, 20);
            ip[10] = ip[11] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip));
        }
    }

    private byte[] Sized(int packet, bool v6) => cloud.Blue5.UdpTo(cloud.Blue7, v6, payload: packet - (v6 ? 48 : 28));

    /// <summary>From Blue5 at A to Blue7 at B.</summary>
    private byte[] Frame(string kind, int size = 90) => kind switch
    {
        "IPv4" => cloud.Blue5.UdpTo(cloud.Blue7, payload: size - 42),
        "IPv6" => cloud.Blue5.UdpTo(cloud.Blue7, v6: true, payload: size - 62),
        _ => cloud.Blue5.To(cloud.Blue7).Arp(new ArpPacket(ArpOperation.Request, cloud.Blue5.Mac, cloud.Blue5.V4, cloud.Blue7.Mac, cloud.Blue7.V4)).Payload(size - 42).ToArray(),
    };
}
