using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// An address that VMs take from each other, with the kernel's own stacks in the VMs, and no agent: an announcement for an address that lives
/// ends with the holder's answer; when the holder gave it up, it moves. On the wire in every form.
/// </summary>
public sealed class LearningDeviceTests(LearningDeviceTests.Cloud cloud) : IClassFixture<LearningDeviceTests.Cloud>
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private readonly DeviceLab _lab = cloud.Lab;

    public static TheoryData<Model.Resources.Encapsulation, AddressFamily> Forms => FormTests.Forms;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Address_AnnouncedByAnotherOfTheSameHost_StaysWhereItLivesAndMovesWhenItIsGivenUp(bool v6)
    {
        Site site = new(_lab, _lab.AddSubnet(_lab.Near.Form));
        Contend(site, v6, site.Near);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Address_AnnouncedOnAnotherHost_StaysWhereItLivesAndMovesWhenItIsGivenUp(Model.Resources.Encapsulation encapsulation, AddressFamily family)
    {
        Site site = new(_lab, _lab.AddSubnet(new EncapsulationForm(encapsulation, family)));
        Contend(site, v6: false, site.Far);
        Contend(site, v6: true, site.Far);
    }

    private void Contend(Site site, bool v6, DeviceAdapter other)
    {
        (DeviceAdapter holds, DeviceSubnet subnet) = (site.Holder, site.Holder.Subnet);
        IPAddress vip = v6 ? subnet.Address6(50) : subnet.Address4(50);
        ulong probed = other.Host.Count(other.PortId, Verdict.AddressProbed).Packets;
        using PacketSocket holder = Open(holds), challenger = Open(other);
        Change(holds, (route, index) => route.AddAddress(index, vip, v6 ? 64 : 24, v6 ? AddressFlags.NoDuplicateDetection : AddressFlags.None));
        Until(site, () => !v6 || Listens(holds, vip));
        holder.Send(Announcement(holds, vip));
        Until(site, () => HolderAt(_lab.A, subnet, vip) == holds.Mac && HolderAt(_lab.B, subnet, vip) == holds.Mac);

        // The holder's own kernel answers, and the challenger hears it.
        challenger.Send(Announcement(other, vip));
        Until(site, () => other.Host.Count(other.PortId, Verdict.AddressProbed).Packets == probed + 1);
        Until(site, () => challenger.Receive(s_deadline) is { } frame && IsAnswer(frame, holds, other, vip));
        Until(site, () => HolderAt(_lab.A, subnet, vip) == holds.Mac && HolderAt(_lab.B, subnet, vip) == holds.Mac);

        Change(holds, (route, index) => route.DeleteAddress(index, vip, v6 ? 64 : 24));
        Change(other, (route, index) => route.AddAddress(index, vip, v6 ? 64 : 24, v6 ? AddressFlags.NoDuplicateDetection : AddressFlags.None));
        Until(site, () =>
        {
            // As fail-over software does, more than once; but not in a storm, in which the host's queues would lose the answers.
            challenger.Send(Announcement(other, vip));
            return SpinWait.SpinUntil(() => HolderAt(_lab.A, subnet, vip) == other.Mac && HolderAt(_lab.B, subnet, vip) == other.Mac, s_pause);
        });
    }

    internal static void Learn(DeviceHost host, DeviceHost peer, params DeviceAdapter[] here)
    {
        DeviceSubnet subnet = here[0].Subnet;
        for (uint i = 0; i < here.Length; i++)
        {
            host.Dataplane.Members.Set(new MemberKey(subnet.Vsid, i), MemberEntry.Local(here[i].Port, MemberFlags.Learns));
        }

        host.Dataplane.Members.Set(new MemberKey(subnet.Vsid, MemberKey.Remote), MemberEntry.Remote(peer.PaOf(subnet.Form.Family), MemberFlags.Learns));
        host.Dataplane.Subnets.Set(
            new SubnetKey(subnet.Vsid),
            new SubnetEntry(host.Rd, DeviceHost.GatewayMac, subnet.Address4(1), subnet.Address6(1)) with
            {
                Flags = SubnetFlags.Learns | SubnetFlags.Floods, LocalMembers = (uint)here.Length, RemoteMembers = 1, Epoch = 1, Encapsulation = (Encapsulation)subnet.Form.Encapsulation,
            });
        host.Apply();
        host.Namespace.Run(() => Array.ForEach(here, adapter => host.Dataplane.BindPort(
            new PortBinding(adapter.Port, adapter.PortId, host.Rd, subnet.Vsid, adapter.Mac) { LearnLimit = 4, LearnSources = LearnSources.All, Encapsulation = (Encapsulation)subnet.Form.Encapsulation })));
    }

    private static MacAddress? HolderAt(DeviceHost host, DeviceSubnet subnet, IPAddress vip) => host.Dataplane.ReadLearned()
        .Where(entry => entry.Key == new RecordKey(subnet.Vsid, vip) && entry.Value.DeadlineNs == 0).Select(entry => (MacAddress?)entry.Value.Record.Mac.ToMacAddress()).FirstOrDefault();

    private static byte[] Announcement(DeviceAdapter adapter, IPAddress vip) => vip.AddressFamily == AddressFamily.InterNetwork
        ? PacketBuilder.Ethernet(adapter.Mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Request, adapter.Mac, vip, default, vip)).ToArray()
        : LearningCloud.Advertise(adapter.Mac, IPAddress.Parse("ff02::1"), IpAddresses.MulticastMac(IPAddress.Parse("ff02::1")), vip);

    private static PacketSocket Open(DeviceAdapter adapter)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        return PacketSocket.Open(adapter.Vm, inside.GetLink(adapter.Interface).Index, new PacketSocketOptions { IgnoreOutgoing = true });
    }

    private static void Change(DeviceAdapter adapter, Action<Rtnetlink, int> change)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        change(inside, inside.GetLink(adapter.Interface).Index);
    }

    private void Until(Site site, Func<bool> condition)
    {
        if (SpinWait.SpinUntil(condition, s_deadline))
        {
            return;
        }

        IEnumerable<string> held = new[] { (Host: _lab.A, Name: "A"), (Host: _lab.B, Name: "B") }.SelectMany(h => h.Host.Dataplane.ReadLearned()
            .Select(e => $"{h.Name}: {e.Key} {e.Value}"));
        IEnumerable<string> counts = new[] { site.Holder, site.Near, site.Far }.SelectMany(a => Enum.GetValues<Verdict>()
            .Select(v => (Verdict: v, a.Host.Count(a.PortId, v).Packets)).Where(c => c.Packets > 0).Select(c => $"port {a.PortId}: {c.Verdict} {c.Packets}"));
        Assert.Fail($"It did not come to that in {site.Holder.Subnet.Form}.\n{string.Join('\n', held.Concat(counts))}");
    }

    /// <summary>Whether the VM's kernel hears what is sent to an address's solicited-node group; it joins some time after it was given the address.</summary>
    private static bool Listens(DeviceAdapter adapter, IPAddress vip)
    {
        string group = "ff0200000000000000000001ff" + Convert.ToHexStringLower(vip.GetAddressBytes()[13..]);
        return adapter.Vm.Run(() => File.ReadAllText("/proc/thread-self/net/igmp6")).Contains(group, StringComparison.Ordinal);
    }

    /// <summary>Not the holder's announcement, which went to all.</summary>
    private static bool IsAnswer(byte[] frame, DeviceAdapter from, DeviceAdapter to, IPAddress vip) => frame.AsSpan(0, 6).SequenceEqual(Bytes(to.Mac)) && frame.AsSpan(6, 6).SequenceEqual(Bytes(from.Mac)) && (vip.AddressFamily == AddressFamily.InterNetwork
        ? frame[13] == 6 && frame[21] == 2 && frame.AsSpan(28, 4).SequenceEqual(vip.GetAddressBytes())
        : frame[12] == 0x86 && frame.Length >= 78 && frame[54] == 136 && frame.AsSpan(62, 16).SequenceEqual(vip.GetAddressBytes()));

    private static byte[] Bytes(MacAddress mac)
    {
        byte[] bytes = new byte[MacAddress.Length];
        mac.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Two hosts, whose programs are loaded once; every test has a subnet of its own.</summary>
    public sealed class Cloud : IDisposable
    {
        internal DeviceLab Lab { get; } = new();

        public void Dispose() => Lab.Dispose();
    }

    /// <summary>Who has the address, who wants it on the same host, and who on the other one.</summary>
    private sealed class Site
    {
        public Site(DeviceLab lab, DeviceSubnet subnet)
        {
            Holder = lab.AddVethVm(lab.A, subnet, 5);
            Near = lab.AddVethVm(lab.A, subnet, 6);
            Far = lab.AddVethVm(lab.B, subnet, 7);
            Learn(lab.A, lab.B, Holder, Near);
            Learn(lab.B, lab.A, Far);
        }

        public DeviceAdapter Holder { get; }

        public DeviceAdapter Near { get; }

        public DeviceAdapter Far { get; }
    }
}
