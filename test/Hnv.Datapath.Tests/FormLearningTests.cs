using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Datapath.Tests;

/// <summary>
/// What is learned from the wire, in every form: behind each of them the tenant's frame begins elsewhere, and every reader of ARP, ND and DHCP must know where.
/// </summary>
[Collection(PacketTests.Name)]
public sealed class FormLearningTests(TestCloud cloud)
{
    private TestHost A => cloud.A;

    private TestVm Here => cloud.Blue5;

    private TestVm Far => cloud.Blue7;

    public static TheoryData<Encapsulation, AddressFamily> Forms => FormTests.Forms;

    public static TheoryData<Encapsulation, AddressFamily, bool> FormsAndFamilies => new MatrixTheoryData<Encapsulation, AddressFamily, bool>(
        Enum.GetValues<Encapsulation>(), [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], [false, true]);

    [Theory]
    [MemberData(nameof(FormsAndFamilies))]
    public void Announcement_OfAMember_IsLearnedAndTheAddressReached(Encapsulation encapsulation, AddressFamily family, bool v6)
    {
        FormCloud forms = Learning(encapsulation, family);
        IPAddress vip = LearningCloud.Vip(v6);
        byte[] told = Announcement(vip);
        A.FromWire(forms.OnWire(cloud.C, A, 5001, told)).Dropped(Verdict.SourceCaPaMismatch);
        Teaches(forms, told, LearningCloud.Entry(vip, Remote(forms, 1)), LearningCloud.Told(LearnEventKind.Added, vip, Far.Mac, 0));

        byte[] data = Here.To(Far).Ip(Here.Address(v6), vip).Udp(1, 2).ToArray();
        Passage sent = A.FromVm(Here, data).Went(Verdict.Encapsulated);
        sent.As(forms.OnWire(A, cloud.B, 5001, data, forms.FlowOf(sent.Bytes)));
        byte[] back = Far.To(Here).Ip(vip, Here.Address(v6)).Udp(2, 1).ToArray();
        A.FromWire(forms.OnWire(cloud.B, A, 5001, back)).Went(Verdict.Decapsulated, Here.TrafficTo(back.Length)).As(back);
        A.FromWire(forms.OnWire(cloud.C, A, 5001, back)).Dropped(Verdict.SourceCaPaMismatch);
    }

    [Theory]
    [MemberData(nameof(FormsAndFamilies))]
    public void Announcement_OfAnAddressHeldHere_MovesIt(Encapsulation encapsulation, AddressFamily family, bool v6)
    {
        FormCloud forms = Learning(encapsulation, family);
        IPAddress vip = LearningCloud.Vip(v6);
        LearnSource source = v6 ? LearnSource.NeighborDiscovery : LearnSource.Arp;
        A.FromVm(Here, LearningCloud.Announce(Here, vip));
        Teaches(
            forms,
            Announcement(vip),
            LearningCloud.Held(Here, -1),
            LearningCloud.Entry(vip, LearningCloud.Local(Here, source), -1),
            LearningCloud.Entry(vip, Remote(forms, 2) + LearningCloud.Before(Here, A)),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, Far.Mac, 0));
    }

    [Theory]
    [MemberData(nameof(FormsAndFamilies))]
    public void Probe_ForAnAddressHeldHere_ReachesItsHolderAndIsNoted(Encapsulation encapsulation, AddressFamily family, bool v6)
    {
        FormCloud forms = Learning(encapsulation, family);
        IPAddress vip = LearningCloud.Vip(v6);
        A.FromVm(Here, LearningCloud.Announce(Here, vip));
        byte[] probe = LearningCloud.Probe(Far, Here.Mac, vip);
        A.FromWire(forms.OnWire(cloud.B, A, 5001, probe)).Went(Verdict.Decapsulated, [.. Noted()]).To(Here.Interface).As(probe);

        IEnumerable<string> Noted()
        {
            string held = LearningCloud.Local(Here, v6 ? LearnSource.NeighborDiscovery : LearnSource.Arp);
            return
            [
                Here.TrafficTo(probe.Length),
                LearningCloud.Entry(vip, held, -1),
                LearningCloud.Entry(vip, $"{held}, wanted by {Far.Mac} at {forms.PaOf(cloud.B)}"),
                LearningCloud.Told(LearnEventKind.PreMovement, vip, Far.Mac, 0),
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Acknowledgement_OfAServerThere_ClaimsForTheClientHere(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = Learning(encapsulation, family);
        byte[] message = new byte[300];
        new byte[] { 2, 1, 6, 0 }.CopyTo(message, 0);
        LearningCloud.Vip4.GetAddressBytes().CopyTo(message, 16);
        Here.Mac.CopyTo(message.AsSpan(28));
        new byte[] { 0x63, 0x82, 0x53, 0x63, 53, 1, 5, 255 }.CopyTo(message, 236);
        byte[] ack = Far.To(Here).IPv4(Far.V4, Here.V4).Udp(67, 68).Payload(message).ToArray();
        Teaches(
            forms,
            ack,
            LearningCloud.Held(Here, 1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(Here, LearnSource.Dhcp)),
            LearningCloud.Told(LearnEventKind.Added, LearningCloud.Vip4, Here.Mac, Here.PortId));
    }

    [Theory]
    [MemberData(nameof(FormsAndFamilies))]
    public void Address_ThatWasForgotten_IsLearnedAnewInTheNewEpoch(Encapsulation encapsulation, AddressFamily family, bool v6)
    {
        FormCloud forms = Learning(encapsulation, family);
        IPAddress vip = LearningCloud.Vip(v6);
        A.FromWire(forms.OnWire(cloud.B, A, 5001, Announcement(vip)));
        using (BpfMap learned = A.Programs.Inner("learned"))
        {
            Assert.True(learned.Delete(new RecordKey(5001, vip)));
        }

        forms.SetSubnet(A, cloud.Blue, entry => entry with { Flags = SubnetFlags.Learns, Epoch = LearningCloud.Epoch + 1 });
        A.FromWire(forms.OnWire(cloud.B, A, 5001, Announcement(vip)));
        LearnedEntry entry = LearningCloud.Find(A, vip) ?? throw new InvalidOperationException($"{vip} was not learned again.");
        Assert.Equal((LearningCloud.Epoch + 1, (KernelAddress)forms.PaOf(cloud.B)), (entry.Epoch, entry.Record.Pa));
    }

    /// <summary>The cloud in that form, with the blue subnet and its ports learning.</summary>
    private FormCloud Learning(Encapsulation encapsulation, AddressFamily family)
    {
        FormCloud forms = new(cloud, new(encapsulation, family));
        foreach (TestHost host in cloud.Hosts)
        {
            forms.SetSubnet(host, cloud.Blue, entry => entry with { Flags = SubnetFlags.Learns, Epoch = LearningCloud.Epoch });
        }

        foreach (TestVm vm in (ReadOnlySpan<TestVm>)[cloud.Blue5, cloud.Blue6, cloud.Blue7])
        {
            vm.Host.Programs.Map("ports").Update(
                (uint)vm.Interface,
                new PortEntry(vm.Subnet.Vsid, vm.Subnet.Rd, vm.PortId, PortFlags.None, vm.Mac) with
                {
                    LearnLimit = 4, LearnSources = LearnSources.All, Encapsulation = (Layouts.Encapsulation)encapsulation,
                });
        }

        return forms;
    }

    /// <summary>A frame from the other host arrives as it was, and changes that.</summary>
    private void Teaches(FormCloud forms, byte[] frame, params string[] changes) =>
        A.FromWire(forms.OnWire(cloud.B, A, 5001, frame)).Went(Verdict.Decapsulated, [Here.TrafficTo(frame.Length), .. changes]).As(frame);

    private byte[] Announcement(IPAddress vip) => vip.AddressFamily == AddressFamily.InterNetwork
        ? Far.To(Here).Arp(new ArpPacket(ArpOperation.Reply, Far.Mac, vip, Here.Mac, Here.V4)).ToArray(60)
        : LearningCloud.Advertise(Far.Mac, Here.V6, Here.Mac, vip);

    private string Remote(FormCloud forms, uint counter) => $"{Far.Mac} at {forms.PaOf(cloud.B)} by {LearnSource.Peer} {LearningCloud.Epoch}.{counter} {RecordFlags.Unsynchronized}";
}
