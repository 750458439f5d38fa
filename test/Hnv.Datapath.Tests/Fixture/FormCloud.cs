using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>The cloud, all of it in one form: its networks' encapsulation, and the family of its provider addresses.</summary>
internal sealed class FormCloud
{
    public const ushort Port = VxlanHeader.Port;

    private const int OuterIp = EthernetHeader.UntaggedLength;

    private readonly ushort _port;

    /// <param name="port">UDP port of VXLAN, which all hosts are told.</param>
    public FormCloud(TestCloud cloud, EncapsulationForm form, ushort port = Port)
    {
        _port = port;
        Cloud = cloud;
        Form = form;
        cloud.Reset();
        foreach (TestHost host in cloud.Hosts)
        {
            host.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, 0, 0, ConfigFlags.None, NetworkUInt16.ToNetwork(port)));
            host.Programs.Map("local_pas").Update<KernelAddress, LocalPaEntry>(host.Pa6, new LocalPaEntry((uint)host.Uplink));
            foreach (TestHost other in cloud.Hosts.Where(other => other != host))
            {
                host.AddPeer(PaOf(other));
            }

            foreach (TestSubnet subnet in cloud.Subnets)
            {
                SetSubnet(host, subnet, entry => entry);
            }

            foreach (TestVm vm in cloud.Vms.Where(vm => vm.Host != host))
            {
                host.AddRemote(vm, PaOf(vm.Host));
            }

            foreach (TestVm vm in cloud.Vms.Where(vm => vm.Host == host))
            {
                host.Programs.Map("ports").Update(
                    (uint)vm.Interface,
                    new PortEntry(vm.Subnet.Vsid, vm.Subnet.Rd, vm.PortId, PortFlags.None, vm.Mac) with { Encapsulation = (Encapsulation)form.Encapsulation });
            }
        }
    }

    public TestCloud Cloud { get; }

    public EncapsulationForm Form { get; }

    public bool Is6 => Form.Family == AddressFamily.InterNetworkV6;

    public bool IsVxlan => Form.Encapsulation == Model.Resources.Encapsulation.Vxlan;

    public int OuterIpLength => Is6 ? IPv6Header.Length : IPv4Header.MinLength;

    /// <summary>Where the encapsulation's own header begins.</summary>
    public int Tunnel => OuterIp + OuterIpLength;

    /// <summary>Where the tenant's frame begins.</summary>
    public int Inner => Form.Room;

    public IPAddress PaOf(TestHost host) => Is6 ? host.Pa6 : host.Pa;

    public void SetSubnet(TestHost host, TestSubnet subnet, Func<SubnetEntry, SubnetEntry> change) => host.Programs.Map("subnets").Update(
        new SubnetKey(subnet.Vsid),
        change(new SubnetEntry(subnet.Rd, subnet.GatewayMac, subnet.Gateway4, subnet.Gateway6) with { Encapsulation = (Encapsulation)Form.Encapsulation }));

    /// <summary>The outer IP header that hosts write, for the layer behind it to follow.</summary>
    public PacketBuilder Outer(IPAddress from, IPAddress to, byte trafficClass = 0, uint flow = 0, byte hops = 64)
    {
        PacketBuilder ethernet = PacketBuilder.Ethernet(default, default);
        return from.AddressFamily == AddressFamily.InterNetworkV6
            ? ethernet.IPv6(from, to, h => h with { TrafficClass = trafficClass, FlowLabel = flow & 0xfffff, HopLimit = hops, NextHeader = IsVxlan ? IpProtocol.Udp : IpProtocol.Gre })
            : ethernet.IPv4(from, to, h => h with { Flags = IPv4Flags.DontFragment, TrafficClass = trafficClass, TimeToLive = hops, Protocol = IsVxlan ? IpProtocol.Udp : IpProtocol.Gre });
    }

    /// <summary>The frame as one host puts it on the wire to another.</summary>
    /// <param name="flow">Hash of the flow: what of it the form has room for.</param>
    public byte[] OnWire(IPAddress from, IPAddress to, uint vsid, byte[] frame, uint flow = 0, byte trafficClass = 0, byte hops = 64)
    {
        PacketBuilder outer = Outer(from, to, trafficClass, flow, hops);
        return (IsVxlan ? outer.UdpWithoutChecksum((ushort)(0xc000 | (flow & 0x3fff)), _port).Vxlan(vsid) : outer.Nvgre(vsid, FlowId(flow))).Frame(frame).ToArray();
    }

    public byte[] OnWire(TestHost from, TestHost to, uint vsid, byte[] frame, uint flow = 0, byte trafficClass = 0, byte hops = 64) =>
        OnWire(PaOf(from), PaOf(to), vsid, frame, flow, trafficClass, hops);

    /// <summary>A flow hash with which <see cref="OnWire(IPAddress,IPAddress,uint,byte[],uint,byte,byte)"/> makes the flow fields of a frame that was sent; all
    /// of one frame are of one hash.</summary>
    public uint FlowOf(byte[] onWire)
    {
        uint label = Is6 ? BinaryPrimitives.ReadUInt32BigEndian(onWire.AsSpan(OuterIp)) & 0xfffff : 0;
        if (IsVxlan)
        {
            uint port = BinaryPrimitives.ReadUInt16BigEndian(onWire.AsSpan(Tunnel)) & 0x3fffu;
            return Is6 ? label : port;
        }

        byte id = onWire[Inner - 1];
        if (!Is6)
        {
            return Enumerable.Range(0, 256).Select(static i => (uint)i).First(flow => FlowId(flow) == id);
        }

        // The label has the hash's lower 20 bits: which upper ones make this FlowID?
        return Enumerable.Range(0, 4096).Select(i => label | (uint)i << 20).First(flow => FlowId(flow) == id);
    }

    private static byte FlowId(uint hash)
    {
        hash ^= hash >> 16;
        return (byte)(hash ^ hash >> 8);
    }
}
