using System.Net.Sockets;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Switches and NICs that mark priorities (802.1p) tag frames with VLAN 0, which is no VLAN: such a frame is as if it had no tag.</summary>
[Collection(KernelDeliveryTests.Collection)]
public sealed class PriorityTagTests(KernelDeliveryTests.Cloud cloud)
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Deliveries { get; } = new MatrixTheoryData<string, string>([.. KernelDeliveryTests.Cloud.Forms.Keys], ["veth", "tap"]);

    [Theory]
    [MemberData(nameof(Deliveries))]
    public void Frame_WithAPriorityTagOnTheProviderNetwork_ArrivesWithoutIt(string form, string kind)
    {
        const ushort priority = 5 << 13;
        (DeviceAdapter far, DeviceAdapter near) = (cloud[form].Far, cloud[form].Near(kind));
        (DeviceHost a, DeviceHost b) = (cloud.Lab.A, cloud.Lab.B);
        using PacketSocket wire = PacketSocket.Open(a.Namespace, a.Uplink), receiver = KernelDeliveryTests.Socket(near);
        foreach (AddressFamily family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            PacketBuilder begun = PacketBuilder.Ethernet(far.Mac, near.Mac).Ip(far.Address(family), near.Address(family));
            byte[] elsewhere = begun.Udp(4000, 5001).Payload(1000).ToArray();
            foreach (byte[] frame in (byte[][])[begun.Udp(4000, 5000).Payload(1000).ToArray(), begun.Tcp(new TcpHeader(4000, 5000, 1, 1, TcpFlags.Ack)).Payload(1000).ToArray(), KernelDeliveryTests.Question(far, near, family)])
            {
                cloud[form].Relay.ForgetLargest();
                wire.Send(OnWire(elsewhere, priority | 77));
                wire.Send(OnWire(frame, priority));
                byte[] arrived;
                do
                {
                    arrived = receiver.Receive(s_deadline) ?? throw new InvalidOperationException($"A frame of {frame.Length} bytes did not arrive.");
                    Assert.NotEqual(elsewhere, arrived); // A VLAN of the host's own.
                }
                while (!arrived.AsSpan().SequenceEqual(frame));

                // What a tap hands over has the tag in its bytes.
                if (kind == "tap" && frame.Length > 1000)
                {
                    Assert.Equal(frame.Length, cloud[form].Relay.LargestToVm);
                }
            }
        }

        byte[] OnWire(byte[] frame, ushort tag)
        {
            EncapsulationForm outer = far.Subnet.Form;
            PacketBuilder ip = PacketBuilder.Ethernet(MacOf(a), MacOf(b), new VlanTag(EtherType.Vlan, tag)).Ip(a.PaOf(outer.Family), b.PaOf(outer.Family));
            return (outer.Encapsulation == Model.Resources.Encapsulation.Vxlan ? ip.UdpWithoutChecksum(0xc000, VxlanHeader.Port).Vxlan(far.Subnet.Vsid) : ip.Nvgre(far.Subnet.Vsid))
                .Frame(frame).ToArray();
        }
    }

    private static MacAddress MacOf(DeviceHost host) => MacAddress.FromBytes(host.Route.GetLink("up0").Mac!.GetAddressBytes());
}
