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
/// ends with the holder's answer; when the holder gave it up, it moves.
/// </summary>
public sealed class LearningDeviceTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private readonly DeviceLab _lab = new();
    private readonly DeviceAdapter _holder;
    private readonly DeviceAdapter _near;
    private readonly DeviceAdapter _far;

    public LearningDeviceTests()
    {
        _holder = _lab.AddVethVm(_lab.A, _lab.Near, 5);
        _near = _lab.AddVethVm(_lab.A, _lab.Near, 6);
        _far = _lab.AddVethVm(_lab.B, _lab.Near, 7);
        Learn(_lab.A, _lab.B, _holder, _near);
        Learn(_lab.B, _lab.A, _far);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Address_AnnouncedByAnother_StaysWhereItLivesAndMovesWhenItIsGivenUp(bool v6, bool toOtherHost)
    {
        IPAddress vip = v6 ? _lab.Near.Address6(50) : _lab.Near.Address4(50);
        DeviceAdapter other = toOtherHost ? _far : _near;
        using PacketSocket holder = Open(_holder), challenger = Open(other);
        Change(_holder, (route, index) => route.AddAddress(index, vip, v6 ? 64 : 24, v6 ? AddressFlags.NoDuplicateDetection : AddressFlags.None));
        Until(() => !v6 || Listens(_holder, vip));
        holder.Send(Announcement(_holder, vip));
        Until(() => HolderAt(_lab.A, vip) == _holder.Mac && HolderAt(_lab.B, vip) == _holder.Mac);

        // The holder's own kernel answers, and the challenger hears it.
        challenger.Send(Announcement(other, vip));
        Until(() => other.Host.Count(other.PortId, Verdict.AddressProbed).Packets == 1);
        Until(() => challenger.Receive(s_deadline) is { } frame && IsAnswer(frame, other, vip));
        Until(() => HolderAt(_lab.A, vip) == _holder.Mac && HolderAt(_lab.B, vip) == _holder.Mac);

        Change(_holder, (route, index) => route.DeleteAddress(index, vip, v6 ? 64 : 24));
        Change(other, (route, index) => route.AddAddress(index, vip, v6 ? 64 : 24, v6 ? AddressFlags.NoDuplicateDetection : AddressFlags.None));
        Until(() =>
        {
            // As fail-over software does, more than once; but not in a storm, in which the host's queues would lose the answers.
            challenger.Send(Announcement(other, vip));
            return SpinWait.SpinUntil(() => HolderAt(_lab.A, vip) == other.Mac && HolderAt(_lab.B, vip) == other.Mac, s_pause);
        });
    }

    public void Dispose() => _lab.Dispose();

    internal static void Learn(DeviceHost host, DeviceHost peer, params DeviceAdapter[] here)
    {
        DeviceSubnet subnet = here[0].Subnet;
        for (uint i = 0; i < here.Length; i++)
        {
            host.Dataplane.Members.Set(new MemberKey(subnet.Vsid, i), MemberEntry.Local(here[i].Port, MemberFlags.Learns));
        }

        host.Dataplane.Members.Set(new MemberKey(subnet.Vsid, MemberKey.Remote), MemberEntry.Remote(peer.Pa, MemberFlags.Learns));
        host.Dataplane.Subnets.Set(
            new SubnetKey(subnet.Vsid),
            new SubnetEntry(host.Rd, DeviceHost.GatewayMac, subnet.Address4(1), subnet.Address6(1)) with
            {
                Flags = SubnetFlags.Learns | SubnetFlags.Floods, LocalMembers = (uint)here.Length, RemoteMembers = 1, Epoch = 1,
            });
        host.Apply();
        host.Namespace.Run(() => Array.ForEach(here, adapter => host.Dataplane.BindPort(
            new PortBinding(adapter.Port, adapter.PortId, host.Rd, subnet.Vsid, adapter.Mac) { LearnLimit = 4, LearnSources = LearnSources.All })));
    }

    private static MacAddress? HolderAt(DeviceHost host, IPAddress vip) => host.Dataplane.ReadLearned()
        .Where(entry => entry.Key == new RecordKey(5001, vip) && entry.Value.DeadlineNs == 0).Select(entry => (MacAddress?)entry.Value.Record.Mac.ToMacAddress()).FirstOrDefault();

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

    private void Until(Func<bool> condition)
    {
        if (SpinWait.SpinUntil(condition, s_deadline))
        {
            return;
        }

        IEnumerable<string> held = new[] { (Host: _lab.A, Name: "A"), (Host: _lab.B, Name: "B") }.SelectMany(h => h.Host.Dataplane.ReadLearned()
            .Select(e => $"{h.Name}: {e.Key} {e.Value}"));
        IEnumerable<string> counts = new[] { _holder, _near, _far }.SelectMany(a => Enum.GetValues<Verdict>()
            .Select(v => (Verdict: v, a.Host.Count(a.PortId, v).Packets)).Where(c => c.Packets > 0).Select(c => $"port {a.PortId}: {c.Verdict} {c.Packets}"));
        Assert.Fail($"It did not come to that.\n{string.Join('\n', held.Concat(counts))}");
    }

    /// <summary>Whether the VM's kernel hears what is sent to an address's solicited-node group; it joins some time after it was given the address.</summary>
    private static bool Listens(DeviceAdapter adapter, IPAddress vip)
    {
        string group = "ff0200000000000000000001ff" + Convert.ToHexStringLower(vip.GetAddressBytes()[13..]);
        return adapter.Vm.Run(() => File.ReadAllText("/proc/thread-self/net/igmp6")).Contains(group, StringComparison.Ordinal);
    }

    /// <summary>Not the holder's announcement, which went to all.</summary>
    private bool IsAnswer(byte[] frame, DeviceAdapter to, IPAddress vip) => frame.AsSpan(0, 6).SequenceEqual(Bytes(to.Mac)) && frame.AsSpan(6, 6).SequenceEqual(Bytes(_holder.Mac)) && (vip.AddressFamily == AddressFamily.InterNetwork
        ? frame[13] == 6 && frame[21] == 2 && frame.AsSpan(28, 4).SequenceEqual(vip.GetAddressBytes())
        : frame[12] == 0x86 && frame.Length >= 78 && frame[54] == 136 && frame.AsSpan(62, 16).SequenceEqual(vip.GetAddressBytes()));

    private static byte[] Bytes(MacAddress mac)
    {
        byte[] bytes = new byte[MacAddress.Length];
        mac.CopyTo(bytes);
        return bytes;
    }
}
