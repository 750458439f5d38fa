using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Datapath.Tests;

/// <summary>
/// Floods in every form, and to hosts of both families at once: the frame is encapsulated once, copied to the hosts of one family, turned to the
/// other, and copied to the rest.
/// </summary>
[Collection(PacketTests.Name)]
public sealed class FormFloodTests(TestCloud cloud)
{
    private const uint Turned = 0x00020000; // HNV_FLOODING_TURNED
    private const uint Others = 0x00040000; // HNV_FLOODING_OTHERS
    private const int Batch = 16; // HNV_FLOOD_BATCH

    private byte[] Broadcast => PacketBuilder.Ethernet(cloud.Blue5.Mac, LearningCloud.Broadcast).IPv4(cloud.Blue5.V4, IPAddress.Broadcast).Udp(1000, 2000).Payload(30).ToArray();

    /// <summary>With an IP packet of that length.</summary>
    private byte[] BroadcastOf(int length) => PacketBuilder.Ethernet(cloud.Blue5.Mac, LearningCloud.Broadcast).IPv4(cloud.Blue5.V4, IPAddress.Broadcast).Udp(1000, 2000).Payload(length - 28).ToArray();

    private byte[] Announcement => LearningCloud.Announce(cloud.Blue5, cloud.Blue5.V4);

    public static TheoryData<Encapsulation, AddressFamily, bool> FormsAndOrders => new MatrixTheoryData<Encapsulation, AddressFamily, bool>(
        Enum.GetValues<Encapsulation>(), [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], [false, true]);

    [Theory]
    [MemberData(nameof(FormTests.Forms), MemberType = typeof(FormTests))]
    public void Frame_ToOneHost_ArrivesAtItsMembers(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        Floods(forms, cloud.A, [cloud.Blue5], [forms.PaOf(cloud.B)]);
        Floods(forms, cloud.B, [cloud.Blue7], [forms.PaOf(cloud.A)]);
        foreach ((byte[] frame, uint mark) in new[] { (Broadcast, 0u), (Announcement, Passage.MarkEncapsulated) })
        {
            Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Flooded).To(cloud.A.Uplink);
            sent.As(forms.OnWire(cloud.A, cloud.B, 5001, frame, forms.FlowOf(sent.Bytes)));
            Assert.Equal(mark, sent.Mark);
            cloud.B.FromWire(sent.Bytes).Went(Verdict.Flooded, cloud.Blue7.TrafficTo(frame.Length)).As(frame);
        }
    }

    [Theory]
    [MemberData(nameof(FormTests.Forms), MemberType = typeof(FormTests))]
    public void Frame_ToSeveralHosts_IsCopiedAtTheUplink(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        Floods(forms, cloud.A, [cloud.Blue5], [forms.PaOf(cloud.B), forms.PaOf(cloud.C)]);
        Passage sent = cloud.A.FromVm(cloud.Blue5, Broadcast).Went(Verdict.Flooded);
        Assert.Equal(Passage.MarkFlooding, sent.Mark);
        Copied(cloud.A.FromWire(sent.Bytes, sent.Mark), 1, sent.Bytes.Length).As(forms.OnWire(cloud.A, cloud.C, 5001, Broadcast, forms.FlowOf(sent.Bytes)));
    }

    [Theory]
    [MemberData(nameof(FormTests.Forms), MemberType = typeof(FormTests))]
    public void Frame_ToHostsOfBothFamilies_IsTurnedForTheOthers(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family)), others = new(cloud, forms.Form with
        {
            Family = family == AddressFamily.InterNetwork ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
        });
        foreach (TestHost peer in (TestHost[])[cloud.B, cloud.C])
        {
            cloud.A.AddPeer(peer.Pa);
            cloud.A.AddPeer(peer.Pa6);
        }

        foreach ((byte[] frame, uint mark) in new[] { (Broadcast, 0u), (Announcement, Passage.MarkEncapsulated) })
        {
            Floods(forms, cloud.A, [cloud.Blue5], [forms.PaOf(cloud.B), others.PaOf(cloud.C), forms.PaOf(cloud.C), others.PaOf(cloud.B)]);
            Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Flooded);
            uint flow = forms.FlowOf(sent.Bytes);
            Passage round = Copied(cloud.A.FromWire(sent.Bytes, sent.Mark), 2, sent.Bytes.Length);
            Assert.Equal(Passage.MarkFlooding | Turned, round.Mark);
            Passage last = Copied(cloud.A.FromWire(round.Bytes, round.Mark), 1, round.Bytes.Length);
            last.As(WithLabelOf(last.Bytes, others.OnWire(cloud.A, cloud.B, 5001, frame, flow)));
            Assert.Equal(0u, last.Mark);
        }
    }

    [Theory]
    [MemberData(nameof(FormsAndOrders))]
    public void Frame_LargerThanOnePath_IsMissingThereOnly(Encapsulation encapsulation, AddressFamily family, bool narrowFirst)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        IPAddress wide = forms.PaOf(cloud.B), narrow = forms.PaOf(cloud.C);
        cloud.A.AddPeer(wide, mtu: 1500);
        cloud.A.AddPeer(narrow, mtu: 1300);
        Floods(forms, cloud.A, [cloud.Blue5, cloud.Blue6], narrowFirst ? [narrow, wide] : [wide, narrow]);
        int fits = 1500 - forms.Form.Room;
        byte[] frame = BroadcastOf(fits);
        Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Flooded, HostState.Tell($"port {cloud.Blue5.PortId} {Verdict.FloodCopyLost}", 1, frame.Length));
        Passage last = cloud.A.FromWire(sent.Bytes, sent.Mark).As(forms.OnWire(cloud.A, cloud.B, 5001, frame, forms.FlowOf(sent.Bytes)));
        Assert.Equal([HostState.Tell("uplink MtuExceeded", 1, sent.Bytes.Length)], last.Changes);

        // Too large for both: the VM on this host has it all the same.
        frame = BroadcastOf(fits + 1);
        cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.MtuExceeded, cloud.Blue6.TrafficTo(frame.Length)).As(frame);
    }

    [Theory]
    [InlineData(Encapsulation.Nvgre, false)]
    [InlineData(Encapsulation.Nvgre, true)]
    [InlineData(Encapsulation.Vxlan, false)]
    [InlineData(Encapsulation.Vxlan, true)]
    public void Frame_TooLargeOverIPv6Alone_ReachesTheHostsOfIPv4(Encapsulation encapsulation, bool sixFirst)
    {
        FormCloud forms = new(cloud, new(encapsulation, AddressFamily.InterNetwork));
        cloud.A.AddPeer(cloud.B.Pa, mtu: 1500);
        cloud.A.AddPeer(cloud.C.Pa6, mtu: 1500);
        Floods(forms, cloud.A, [cloud.Blue5, cloud.Blue6], sixFirst ? [cloud.C.Pa6, cloud.B.Pa, cloud.B.Pa] : [cloud.B.Pa, cloud.B.Pa, cloud.C.Pa6]);
        byte[] frame = BroadcastOf(1500 - forms.Form.Room);
        Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Flooded, HostState.Tell($"port {cloud.Blue5.PortId} {Verdict.FloodCopyLost}", 1, frame.Length));
        Passage copied = Copied(cloud.A.FromWire(sent.Bytes, sent.Mark), 2, sent.Bytes.Length);
        Assert.Equal(Passage.MarkFlooding | Turned, copied.Mark);
        Passage turned = cloud.A.FromWire(copied.Bytes, copied.Mark);
        Assert.Equal(Passage.Shot, turned.Action);
        Assert.Equal([HostState.Tell("uplink MtuExceeded", 1, copied.Bytes.Length)], turned.Changes);
    }

    [Fact]
    public void Others_SeenInAnEarlierRound_AreNotForgotten()
    {
        FormCloud forms = new(cloud, new(Encapsulation.Nvgre, AddressFamily.InterNetwork));
        cloud.A.AddPeer(cloud.C.Pa6);
        Floods(forms, cloud.A, [cloud.Blue5], [cloud.B.Pa, cloud.C.Pa6, .. Enumerable.Repeat(cloud.B.Pa, Batch)]);
        Passage sent = cloud.A.FromVm(cloud.Blue5, Broadcast).Went(Verdict.Flooded);
        Passage round = Copied(cloud.A.FromWire(sent.Bytes, sent.Mark), Batch - 1, sent.Bytes.Length);
        Assert.Equal(Passage.MarkFlooding | Others | Batch, round.Mark);
        round = Copied(cloud.A.FromWire(round.Bytes, round.Mark), 2, sent.Bytes.Length);
        Assert.Equal(Passage.MarkFlooding | Turned, round.Mark);
        round = Copied(cloud.A.FromWire(round.Bytes, round.Mark), 1, round.Bytes.Length);
        Assert.Equal(Passage.MarkFlooding | Turned | Others | Batch, round.Mark);

        // Nobody of the family is left in this round, and nothing is turned twice.
        Assert.Equal(Passage.Shot, cloud.A.FromWire(round.Bytes, round.Mark).Action);
    }

    [Fact]
    public void Others_WithoutAWay_AreCounted()
    {
        FormCloud forms = new(cloud, new(Encapsulation.Vxlan, AddressFamily.InterNetwork));
        Floods(forms, cloud.A, [cloud.Blue5], [cloud.B.Pa, cloud.C.Pa6]);
        Passage sent = cloud.A.FromVm(cloud.Blue5, Broadcast).Went(Verdict.Flooded);
        Passage passage = cloud.A.FromWire(sent.Bytes, sent.Mark);
        Assert.Equal(
            [HostState.Tell("uplink FloodCopyLost", 1, sent.Bytes.Length), HostState.Tell("uplink ProviderRouteMissing", 1, sent.Bytes.Length)], passage.Changes);
    }

    [Theory]
    [InlineData(Encapsulation.Nvgre, "239.0.80.1")]
    [InlineData(Encapsulation.Vxlan, "239.0.80.1")]
    [InlineData(Encapsulation.Nvgre, "ff05::80:1")]
    [InlineData(Encapsulation.Vxlan, "ff05::80:1")]
    public void ProviderGroup_OfEitherFamily_TakesOneCopy(Encapsulation encapsulation, string address)
    {
        var group = IPAddress.Parse(address);
        FormCloud forms = new(cloud, new(encapsulation, group.AddressFamily));
        cloud.A.AddPeer(group);
        cloud.B.AddPeer(group);
        Floods(forms, cloud.A, [cloud.Blue5], [forms.PaOf(cloud.B), forms.PaOf(cloud.C)], group);
        Floods(forms, cloud.B, [cloud.Blue7], [forms.PaOf(cloud.A)], group);
        foreach ((byte[] frame, uint mark) in new[] { (Broadcast, 0u), (Announcement, Passage.MarkEncapsulated) })
        {
            Passage sent = cloud.A.FromVm(cloud.Blue5, frame).Went(Verdict.Flooded);
            sent.As(forms.OnWire(forms.PaOf(cloud.A), group, 5001, frame, forms.FlowOf(sent.Bytes)));
            if (sent.Mark != 0)
            {
                Assert.Equal(Passage.Redirect, cloud.A.FromWire(sent.Bytes, sent.Mark).Action);
            }

            cloud.B.FromWire(sent.Bytes).Went(Verdict.Flooded, cloud.Blue7.TrafficTo(frame.Length)).As(frame);
        }

        // Another subnet's group, and unicast to a group.
        cloud.B.FromWire(forms.OnWire(forms.PaOf(cloud.A), group, 6001, Broadcast)).Dropped(Verdict.FloodingDisabled);
        cloud.B.FromWire(forms.OnWire(forms.PaOf(cloud.A), group, 5001, cloud.Blue5.UdpTo(cloud.Blue7))).Dropped(Verdict.DestinationCaPaMismatch);
    }

    /// <summary>A frame that is turned to IPv6 gets the flow label of what it is by then, which nothing else in it tells.</summary>
    private static byte[] WithLabelOf(byte[] actual, byte[] expected)
    {
        if (expected[12] == 0x86)
        {
            expected[15] = (byte)((expected[15] & 0xf0) | (actual[15] & 0x0f));
            actual.AsSpan(16, 2).CopyTo(expected.AsSpan(16));
        }

        return expected;
    }

    private static void Floods(FormCloud forms, TestHost host, TestVm[] here, IPAddress[] there, IPAddress? group = null)
    {
        for (int i = 0; i < here.Length; i++)
        {
            host.Programs.Map("members").Update(new MemberKey(5001, (uint)i), MemberEntry.Local(here[i].Interface, MemberFlags.None));
        }

        for (int i = 0; i < there.Length; i++)
        {
            host.Programs.Map("members").Update(new MemberKey(5001, MemberKey.Remote + (uint)i), MemberEntry.Remote(there[i], MemberFlags.None));
        }

        forms.SetSubnet(host, forms.Cloud.Blue, entry => entry with
        {
            Flags = SubnetFlags.Floods, LocalMembers = (uint)here.Length, RemoteMembers = (uint)there.Length, Group = KernelAddress.From(group),
        });
    }

    private static Passage Copied(Passage passage, int copies, int bytes)
    {
        Assert.Equal(Passage.Redirect, passage.Action);
        Assert.Equal(copies == 0 ? [] : [HostState.Tell($"uplink {Verdict.FloodCopyLost}", copies, (long)copies * bytes)], passage.Changes);
        return passage;
    }
}
