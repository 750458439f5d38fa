using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// The devices' lab with a subnet that floods: on A the VMs 5, 6 and (behind a tap) 8, on B the VM 7; a VM of another subnet, 9, on A. A may
/// have further remote members: provider addresses that nobody answers for, whose packets all come out at B's uplink.
/// </summary>
internal sealed class FloodLab : IDisposable
{
    public static readonly MacAddress Broadcast = MacAddress.FromBytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private readonly List<PacketSocket> _sockets = [];

    public FloodLab(int strangers = 0, IPAddress? group = null)
    {
        try
        {
            Sender = Lab.AddVethVm(Lab.A, Lab.Near, 5);
            Neighbour = Lab.AddVethVm(Lab.A, Lab.Near, 6);
            Remote = Lab.AddVethVm(Lab.B, Lab.Near, 7);
            Tap = Lab.AddTapVm(Lab.A, Lab.Near, 8).Adapter;
            Stranger = Lab.AddVethVm(Lab.A, Lab.Far, 9);
            Strangers = [.. Enumerable.Range(0, strangers).Select(i => new IPAddress([192, 168, (byte)(16 + i / 250), (byte)(1 + i % 250)]))];
            AddStrangers();
            Flood(Lab.A, group, [Sender, Neighbour, Tap], [Lab.B.Pa, .. Strangers]);
            Flood(Lab.B, group, [Remote], [Lab.A.Pa]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public DeviceLab Lab { get; } = new();

    public DeviceAdapter Sender { get; }

    public DeviceAdapter Neighbour { get; }

    public DeviceAdapter Tap { get; }

    public DeviceAdapter Remote { get; }

    public DeviceAdapter Stranger { get; }

    public IReadOnlyList<IPAddress> Strangers { get; }

    /// <summary>The adapter's end inside the VM; what the VM itself sends is not seen.</summary>
    public PacketSocket Inside(DeviceAdapter adapter)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        return Keep(PacketSocket.Open(adapter.Vm, inside.GetLink(adapter.Interface).Index, new PacketSocketOptions { IgnoreOutgoing = true, ReceiveBufferSize = 32 << 20 }));
    }

    /// <summary>What comes in at a host's uplink.</summary>
    public PacketSocket AtUplink(DeviceHost host) =>
        Keep(PacketSocket.Open(host.Namespace, host.Uplink, new PacketSocketOptions { IgnoreOutgoing = true, ReceiveBufferSize = 32 << 20 }));

    /// <summary>The numbers of the frames that arrive, until the last one did and nothing follows.</summary>
    public static IReadOnlyList<int> Numbers(PacketSocket socket, int last)
    {
        var numbers = new List<int>();
        while (socket.Receive(numbers.Contains(last) ? TimeSpan.FromMilliseconds(100) : s_deadline) is { } frame)
        {
            if (NumberOf(frame) is { } number)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Marks a test's frames; a number follows.</summary>
    public static byte[] Payload(int number, int length = 40)
    {
        byte[] payload = new byte[length];
        "HNV flood"u8.CopyTo(payload);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(9), number);
        return payload;
    }

    public static int? NumberOf(ReadOnlySpan<byte> frame)
    {
        int at = frame.IndexOf("HNV flood"u8);
        return at < 0 ? null : BinaryPrimitives.ReadInt32BigEndian(frame[(at + 9)..]);
    }

    /// <summary>Says who floods to whom.</summary>
    public void Flood(DeviceHost host, IPAddress? group, IReadOnlyList<DeviceAdapter> here, IReadOnlyList<IPAddress> there)
    {
        DeviceSubnet subnet = Lab.Near;
        Dataplane dataplane = host.Dataplane;
        for (uint i = 0; i < here.Count; i++)
        {
            dataplane.Members.Set(new MemberKey(subnet.Vsid, i), MemberEntry.Local(here[(int)i].Port, MemberFlags.None));
        }

        for (uint i = 0; i < there.Count; i++)
        {
            dataplane.Members.Set(new MemberKey(subnet.Vsid, MemberKey.Remote + i), MemberEntry.Remote(there[(int)i], MemberFlags.None));
        }

        if (group is not null)
        {
            dataplane.Peers.Set(group, new PeerEntry(host.Pa, (uint)host.Uplink, 1500, PeerFlags.None));
        }

        dataplane.Subnets.Set(
            new SubnetKey(subnet.Vsid),
            new SubnetEntry(host.Rd, DeviceHost.GatewayMac, subnet.Address4(1), subnet.Address6(1)) with
            {
                Flags = SubnetFlags.Floods,
                LocalMembers = (uint)here.Count,
                RemoteMembers = (uint)there.Count,
                Group = KernelAddress.From(group),
            });
        host.Apply();
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        Lab.Dispose();
    }

    private PacketSocket Keep(PacketSocket socket)
    {
        _sockets.Add(socket);
        return socket;
    }

    private void AddStrangers()
    {
        if (Strangers.Count == 0)
        {
            return;
        }

        DeviceHost host = Lab.A;
        PhysicalAddress far = Lab.B.Route.GetLink("up0").Mac!;
        host.Route.AddRoute(new RouteSpec(IPNetwork.Parse("192.168.0.0/16")) { InterfaceIndex = host.Uplink });
        foreach (IPAddress stranger in Strangers)
        {
            host.Route.SetNeighbour(host.Uplink, stranger, far);
            host.Dataplane.Peers.Set(stranger, new PeerEntry(host.Pa, (uint)host.Uplink, 1500, PeerFlags.None));
        }
    }
}
