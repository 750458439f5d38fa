using System.Net;
using System.Text.Json;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;
using Hnv.Wire.Tests.Wireshark;

namespace Hnv.Datapath.Tests;

/// <summary>Blue7 moves from host B to host C: what each of the three hosts does, before it was heard at C and after.</summary>
[Collection(PacketTests.Name)]
public sealed class MigrationTests
{
    private const uint MarkAnnounce = 0x484e5605;
    private const uint MarkRedirect = 0x484e5606;
    private const int RarpLength = 60;
    private const int Quote = 128;

    /// <summary>A host that policy names, and that has nothing to do with the move.</summary>
    private static readonly IPAddress s_other = IPAddress.Parse("192.168.4.44");

    private readonly TestCloud _cloud;

    public MigrationTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        foreach (TestHost host in _cloud.Hosts)
        {
            host.Programs.Map("moving").Update(0u, 1u);
            host.AddPeer(s_other);
            foreach (IPAddress address in (ReadOnlySpan<IPAddress>)[Vm.V4, Vm.V6])
            {
                host.SetRecord(Vm.Subnet.Vsid, address, host == B
                    ? RecordEntry.Local(Vm.Mac, RecordKind.Static, Vm.Interface, RecordFlags.Moving)
                    : RecordEntry.Remote(Vm.Mac, RecordKind.Static, B.Pa, RecordFlags.Moving));
            }
        }

        A.Programs.Map("moves").Update(Key, MoveEntry.ToHost(Vm.Mac, C.Pa, B.Pa));
        B.Programs.Map("moves").Update(Key, MoveEntry.ToHost(Vm.Mac, C.Pa, null));
        C.Programs.Map("moves").Update(Key, MoveEntry.ToPort(Vm.Mac, Vm.Interface, B.Pa));
        C.AddPort(Vm, PortFlags.Prepared);
    }

    public static TheoryData<string> Frames => ["udp4", "udp6", "arp", "routed4"];

    private TestHost A => _cloud.A;

    private TestHost B => _cloud.B;

    private TestHost C => _cloud.C;

    private TestVm Vm => _cloud.Blue7;

    private MacKey Key => new(Vm.Subnet.Vsid, Vm.Mac);

    private string ActiveHere => $"{HostState.Activation(Key, KernelAddress.None)} +1";

    private string ActiveAtC => $"{HostState.Activation(Key, KernelAddress.From(C.Pa))} +1";

    private string Heard => $"event {LearnEventKind.Activated}  {Vm.Mac} port 0 +1";

    [Fact]
    public void BeforeItIsHeard_FramesReachItWhereItIs()
    {
        byte[] frame = _cloud.Blue5.UdpTo(Vm);
        Passage sent = A.FromVmToWire(_cloud.Blue5, frame);
        Assert.Equal(KernelAddress.From(B.Pa), sent.Decision.Pa);
        B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, Vm.TrafficTo(frame.Length)).To(Vm.Interface);
        B.FromVmToWire(Vm, Vm.UdpTo(_cloud.Blue5));
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void FirstFrame_AtThePreparedPort_MakesTheMoveTakeEffect(string kind)
    {
        byte[] frame = FromVm(kind);
        C.FromVm(Vm, frame).Went(Verdict.Encapsulated, ActiveHere, Heard).To(C.Uplink);
        C.FromVm(Vm, frame).Went(Verdict.Encapsulated);
    }

    [Fact]
    public void Rarp_AtThePreparedPort_IsPassedOnToTheHostThatItLeft()
    {
        Passage announced = C.FromVm(Vm, Rarp(42)).Went(Verdict.MoveAnnounced, ActiveHere, Heard);
        Assert.Equal(Passage.MarkEncapsulated, announced.Mark);
        announced.As(TestCloud.OnWire(C, B, Vm.Subnet.Vsid, Rarp(RarpLength), TestCloud.FlowId(announced)));

        B.FromWire(announced.Bytes).Dropped(Verdict.MoveAnnounced, ActiveAtC, Heard);
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void CopyOfTheFirstFrame_BecomesTheSameRarp(string kind)
    {
        byte[] frame = FromVm(kind);
        C.FromVm(Vm, frame).Went(Verdict.Encapsulated, ActiveHere, Heard);

        Passage copy = C.FromVm(Vm, frame, MarkAnnounce);
        Assert.Equal((Passage.Redirect, Passage.MarkEncapsulated), (copy.Action, copy.Mark));
        Assert.Empty(copy.Changes); // The frame itself was counted.
        copy.As(TestCloud.OnWire(C, B, Vm.Subnet.Vsid, Rarp(RarpLength), TestCloud.FlowId(copy)));
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void FirstFrame_FromTheNewHost_IsBelieved_AndAnswersGoThere(string kind)
    {
        byte[] frame = FromVm(kind);
        Passage sent = C.FromVm(Vm, frame);
        TestVm to = kind == "routed4" ? _cloud.Blue8 : _cloud.Blue5;
        Passage received = A.FromWire(sent.Bytes).Went(Verdict.Decapsulated, ActiveAtC, Heard, to.TrafficTo(frame.Length)).To(to.Interface);
        Assert.Equal(frame.Length, received.Bytes.Length);

        Passage answer = A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Went(Verdict.Encapsulated);
        Assert.Equal(KernelAddress.From(C.Pa), answer.Decision.Pa);
        Assert.Equal(KernelAddress.From(C.Pa), A.FromVm(_cloud.Blue8, _cloud.Blue8.UdpTo(Vm)).Went(Verdict.Encapsulated).Decision.Pa);
    }

    [Fact]
    public void Frame_WithItsSource_FromAnyOtherHost_MovesNothing()
    {
        A.FromWire(OnWire(s_other, A.Pa, Vm.UdpTo(_cloud.Blue5))).Dropped(Verdict.SourceCaPaMismatch);
        A.FromWire(OnWire(s_other, A.Pa, Rarp(RarpLength))).Dropped(Verdict.UnsupportedFrameType);
        A.FromWire(OnWire(B.Pa, A.Pa, Rarp(RarpLength))).Dropped(Verdict.UnsupportedFrameType);
        Assert.Equal(KernelAddress.From(B.Pa), A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Went(Verdict.Encapsulated).Decision.Pa);
    }

    [Fact]
    public void Frame_OfTheSameMacInAnotherTenantsSubnet_MovesNothing()
    {
        byte[] frame = _cloud.Red7.UdpTo(_cloud.Red5);
        A.FromWire(TestCloud.OnWire(C, A, _cloud.Red.Vsid, frame)).Dropped(Verdict.SourceCaPaMismatch);
        A.FromWire(TestCloud.OnWire(C, A, _cloud.Red.Vsid, Rarp(RarpLength))).Dropped(Verdict.UnsupportedFrameType);
    }

    [Fact]
    public void PreparedPort_AnotherMac_MovesNothing()
    {
        MacAddress other = MacAddress.Parse("06:06:00:00:00:99");
        C.FromVm(Vm, PacketBuilder.Ethernet(other, _cloud.Blue5.Mac).IPv4(Vm.V4, _cloud.Blue5.V4).Udp(1, 2).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
        C.FromVm(Vm, Rarp(42, other)).Dropped(Verdict.UnsupportedFrameType);
    }

    [Fact]
    public void Rarp_FromAPortThatDoesNotMove_EndsThere() =>
        A.FromVm(_cloud.Blue5, Rarp(42, _cloud.Blue5.Mac)).Dropped(Verdict.UnsupportedFrameType);

    [Fact]
    public void Frame_ThatArrivesBeforeItsFirst_WaitsInThePreparedPort()
    {
        byte[] frame = _cloud.Blue5.UdpTo(Vm);
        C.FromWire(TestCloud.OnWire(A, C, Vm.Subnet.Vsid, frame)).Went(Verdict.Decapsulated, Vm.TrafficTo(frame.Length)).To(Vm.Interface);
    }

    [Fact]
    public void OldPort_AfterTheMove_MaySendNothing()
    {
        Activate(B, C.Pa);
        B.FromVm(Vm, Vm.UdpTo(_cloud.Blue5)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Activation_OfAnotherMove_MeansNothing()
    {
        Activate(A, s_other);
        Assert.Equal(KernelAddress.From(B.Pa), A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Went(Verdict.Encapsulated).Decision.Pa);
        Activate(A, C.Pa);
        Assert.Equal(KernelAddress.From(C.Pa), A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Went(Verdict.Encapsulated).Decision.Pa);
        A.Programs.Map("moves").Delete(Key);
        Assert.Equal(KernelAddress.From(B.Pa), A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Went(Verdict.Encapsulated).Decision.Pa);
    }

    [Fact]
    public void OldHost_SendsOn_AndTellsTheSender()
    {
        Activate(B, C.Pa);
        byte[] frame = _cloud.Blue5.UdpTo(Vm);
        Passage sent = A.FromVmToWire(_cloud.Blue5, frame);
        Passage hairpinned = B.FromWire(sent.Bytes).Went(Verdict.Hairpinned, Message(9)).To(B.Uplink);
        C.FromWire(hairpinned.Bytes).Went(Verdict.Decapsulated, Vm.TrafficTo(frame.Length)).To(Vm.Interface).As(frame);

        Passage redirect = B.FromWire(sent.Bytes, MarkRedirect);
        Assert.Equal((Passage.Redirect, Passage.MarkEncapsulated), (redirect.Action, redirect.Mark));
        Assert.Empty(redirect.Changes);
        redirect.As(NveMessage(B.Pa, A.Pa, Vm.Subnet.Vsid, C.Pa, sent.Bytes));

        A.FromWire(redirect.Bytes).Dropped(Verdict.RedirectTaken, ActiveAtC, Heard);
        Assert.Equal(KernelAddress.From(C.Pa), A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated).Decision.Pa);
    }

    [Fact]
    public async Task Redirect_IsWhatWiresharkReads()
    {
        Activate(B, C.Pa);
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;

        JsonElement layers = Assert.Single(await Tshark.DissectAsync([B.FromWire(sent, MarkRedirect).Bytes]));

        Assert.Equal("eth:ethertype:ip:gre:eth:ethertype:ip:icmp:ip:gre", layers.GetProperty("frame").GetProperty("frame.protocols").GetString());
        JsonElement icmp = layers.GetProperty("icmp");
        Assert.Equal(("5", "10", "192.168.4.33", "1"),
            (icmp.GetProperty("icmp.type").GetString(), icmp.GetProperty("icmp.code").GetString(), icmp.GetProperty("icmp.redir_gw").GetString(), icmp.GetProperty("icmp.checksum.status").GetString()));
        Assert.DoesNotContain("_ws.malformed", layers.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void OldHost_TellsASenderNoMoreThanItsShare_AndNeverOfErrors()
    {
        Activate(B, C.Pa);
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;
        byte[] error = TestCloud.OnWire(A, B, Vm.Subnet.Vsid,
            _cloud.Blue5.To(Vm).IPv4(_cloud.Blue5.V4, Vm.V4).Icmp(IcmpV4Type.DestinationUnreachable, 3).Payload(28).ToArray());
        B.FromWire(error).Went(Verdict.Hairpinned);
        _cloud.Run(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Assert.Equal(Verdict.Hairpinned, B.Run("uplink_ingress", B.Uplink, sent).Decision.Verdict);
            }
        });
        // One token comes back every 10 ms: a thousand frames take less than it would take to be told of each.
        Assert.True(B.Programs.Map("redirect_limits").TryLookup(KernelAddress.From(A.Pa), out BucketEntry bucket) && bucket.Tokens < 10);
    }

    [Fact]
    public void Redirect_ThatPolicyDoesNotBearOut_IsRefused()
    {
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;
        byte[] toBlue9 = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(_cloud.Blue9)).Bytes;
        byte[] red = A.FromVmToWire(_cloud.Red5, _cloud.Red5.UdpTo(_cloud.Red7)).Bytes;
        uint blue = Vm.Subnet.Vsid;

        A.FromWire(NveMessage(s_other, A.Pa, blue, C.Pa, sent)).Dropped(Verdict.RedirectRefused); // From a host that it was not sent to.
        A.FromWire(NveMessage(B.Pa, A.Pa, blue, s_other, sent)).Dropped(Verdict.RedirectRefused); // To a host that it does not move to.
        A.FromWire(NveMessage(B.Pa, A.Pa, blue, IPAddress.Any, sent)).Dropped(Verdict.RedirectRefused);
        A.FromWire(NveMessage(B.Pa, A.Pa, _cloud.BlueFar.Vsid, C.Pa, toBlue9)).Dropped(Verdict.RedirectRefused); // About a VM that does not move.
        A.FromWire(NveMessage(B.Pa, A.Pa, _cloud.Red.Vsid, C.Pa, red)).Dropped(Verdict.RedirectRefused); // Nor does the one with its MAC.
        A.FromWire(NveMessage(B.Pa, A.Pa, _cloud.Red.Vsid, C.Pa, sent)).Dropped(Verdict.RedirectRefused); // About another subnet's frame.
        A.FromWire(NveMessage(B.Pa, A.Pa, blue, C.Pa, OnWire(C.Pa, B.Pa, _cloud.Blue5.UdpTo(Vm)))).Dropped(Verdict.RedirectRefused); // About a frame of another host.
        A.FromWire(NveMessage(IPAddress.Parse("192.168.4.99"), A.Pa, blue, C.Pa, sent)).Dropped(Verdict.UnknownPeer);
        byte[] whole = NveMessage(B.Pa, A.Pa, blue, C.Pa, sent);
        A.FromWire(NveMessage(B.Pa, A.Pa, blue, C.Pa, sent.AsSpan(0, 50))).Dropped(Verdict.RedirectRefused); // Cut before it says what it is about.
        A.FromWire(NveMessage(B.Pa, A.Pa, blue, C.Pa, sent, code: 1)).Dropped(Verdict.RedirectRefused);
        A.FromWire(whole).Dropped(Verdict.RedirectTaken, ActiveAtC, Heard);
    }

    /// <summary>A VM whose customer address is a host's provider address can send no such message: its host sends frames to MACs of the subnet only.</summary>
    [Fact]
    public void Redirect_ThatAVmImitates_IsAFrameLikeAnyOther()
    {
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;
        byte[] inner = PacketBuilder.Ethernet(_cloud.Blue9.Mac, _cloud.Blue5.Mac).IPv4(B.Pa, C.Pa)
            .Icmp(IcmpV4Type.Redirect, 10, Number(C.Pa)).Payload(sent.AsSpan(14)).ToArray();
        A.FromWire(OnWire(B.Pa, A.Pa, inner)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Frame_ForASubnetThatIsNotHere_TellsItsSender()
    {
        B.Programs.Map("subnets").Delete(new SubnetKey(Vm.Subnet.Vsid));
        B.RemoveRecord(Vm.Subnet.Vsid, Vm.V4);
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;

        Passage told = B.FromWire(sent).Went(Verdict.PolicyMissing, Message(9));
        told.As(NveMessage(B.Pa, A.Pa, Vm.Subnet.Vsid, null, sent));
        A.FromWire(told.Bytes).Dropped(Verdict.UnreachableHeard, $"messages to {B.Pa} +9", $"event {LearnEventKind.Unreachable}  {Vm.Mac} port 0 +1");

        // Never about such a message.
        B.FromWire(OnWire(A.Pa, B.Pa, told.Bytes.AsSpan(42).ToArray())).Dropped(Verdict.PolicyMissing);
    }

    [Fact]
    public void LearnedAddress_MovesWithItsAdapter_WithoutBeingAskedFor()
    {
        IPAddress own = IPAddress.Parse("10.0.0.77");
        uint vsid = Vm.Subnet.Vsid;
        C.Programs.Map("subnets").Update(new SubnetKey(vsid), new SubnetEntry(Vm.Subnet.Rd, Vm.Subnet.GatewayMac, Vm.Subnet.Gateway4, Vm.Subnet.Gateway6) with { Flags = SubnetFlags.Learns, Epoch = 1 });
        C.Programs.Map("ports").Update((uint)Vm.Interface, new PortEntry(vsid, Vm.Subnet.Rd, Vm.PortId, PortFlags.Prepared, Vm.Mac) with { LearnLimit = 4, LearnSources = LearnSources.Arp });
        using (Hnv.Linux.Bpf.BpfMap learned = C.Programs.Inner("learned"))
        {
            learned.Update(new RecordKey(vsid, own), default(LearnedEntry) with { Record = RecordEntry.Remote(Vm.Mac, RecordKind.Dynamic, B.Pa), Source = LearnSource.Peer, Epoch = 1, Counter = 1 });
        }

        byte[] data = Vm.To(_cloud.Blue5).IPv4(own, _cloud.Blue5.V4).Udp(1, 2).ToArray();
        C.FromVm(Vm, data).Went(Verdict.Encapsulated, ActiveHere, Heard);

        byte[] announcement = PacketBuilder.Ethernet(Vm.Mac, _cloud.Blue5.Mac).Arp(new ArpPacket(ArpOperation.Reply, Vm.Mac, own, _cloud.Blue5.Mac, _cloud.Blue5.V4)).ToArray(60);
        Assert.Equal(Verdict.Encapsulated, C.FromVm(Vm, announcement).Verdict);
        using Hnv.Linux.Bpf.BpfMap after = C.Programs.Inner("learned");
        Assert.True(after.TryLookup(new RecordKey(vsid, own), out LearnedEntry held));
        Assert.Equal(((uint)Vm.Interface, 0UL), (held.Record.Ifindex, held.DeadlineNs));
    }

    [Fact]
    public void Trace_LeavesNoMark()
    {
        Activate(B, C.Pa);
        byte[] sent = A.FromVmToWire(_cloud.Blue5, _cloud.Blue5.UdpTo(Vm)).Bytes;
        Passage[] traced =
        [
            C.FromVm(Vm, Vm.UdpTo(_cloud.Blue5), Passage.MarkTrace), C.FromVm(Vm, Rarp(42), Passage.MarkTrace),
            A.FromWire(OnWire(C.Pa, A.Pa, Vm.UdpTo(_cloud.Blue5)), Passage.MarkTrace), B.FromWire(sent, Passage.MarkTrace),
            A.FromWire(NveMessage(B.Pa, A.Pa, Vm.Subnet.Vsid, C.Pa, sent), Passage.MarkTrace),
        ];
        Assert.All(traced, static t => Assert.Empty(t.Changes));
        Assert.Equal([Verdict.MoveAnnounced, Verdict.Decapsulated, Verdict.Hairpinned, Verdict.RedirectTaken], traced[1..].Select(static t => t.Verdict));
    }

    private void Activate(TestHost at, IPAddress pa) => at.Programs.Map("activations").Update(Key, new ActivationEntry(KernelAddress.From(pa), 1));

    private string Message(int left) => $"messages to {A.Pa} +{left}";

    private byte[] FromVm(string kind) => kind switch
    {
        "udp4" => Vm.UdpTo(_cloud.Blue5),
        "udp6" => Vm.UdpTo(_cloud.Blue5, v6: true),
        "routed4" => Vm.UdpTo(_cloud.Blue8),
        _ => Vm.To(_cloud.Blue5).Arp(new ArpPacket(ArpOperation.Reply, Vm.Mac, Vm.V4, _cloud.Blue5.Mac, _cloud.Blue5.V4)).ToArray(60),
    };

    /// <summary>As QEMU announces a VM that begins to run (RFC 903).</summary>
    private byte[] Rarp(int length, MacAddress? mac = null)
    {
        MacAddress of = mac ?? Vm.Mac;
        byte[] frame = new byte[length];
        PacketBuilder.Ethernet(of, MacAddress.Parse("ff:ff:ff:ff:ff:ff"), type: (EtherType)0x8035)
            .Arp(new ArpPacket((ArpOperation)3, of, IPAddress.Any, of, IPAddress.Any)).ToArray().CopyTo(frame, 0);
        (frame[12], frame[13]) = (0x80, 0x35);
        return frame;
    }

    private byte[] OnWire(IPAddress from, IPAddress to, byte[] frame) => TestCloud.Outer(from, to).Nvgre(Vm.Subnet.Vsid).Frame(frame).ToArray();

    private static uint Number(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    /// <summary>REDIRECT to a target, or UNREACHABLE, about a frame on the wire. The kernel writes the outer MACs later: here they are zero.</summary>
    private static byte[] NveMessage(IPAddress from, IPAddress to, uint vsid, IPAddress? target, ReadOnlySpan<byte> about, byte code = 10)
    {
        ReadOnlySpan<byte> quote = about[14..Math.Min(about.Length, 14 + Quote)];
        PacketBuilder inner = PacketBuilder.Ethernet(default, default).IPv4(from, target ?? to, static h => h with { TimeToLive = 128 });
        byte[] message = (target is null
            ? inner.Icmp(IcmpV4Type.DestinationUnreachable, code)
            : inner.Icmp(IcmpV4Type.Redirect, code, Number(target))).Payload(quote).ToArray();
        return PacketBuilder.Ethernet(default, default)
            .IPv4(from, to, static h => h with { Flags = IPv4Flags.DontFragment, TimeToLive = 128, Protocol = IpProtocol.Gre })
            .Nvgre(vsid).Frame(message).ToArray();
    }
}
