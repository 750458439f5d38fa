using System.Net;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>A VM's adapter: where it is and what it may use.</summary>
/// <param name="PortId">Also says its place in the tests' tables; unique in the cloud.</param>
internal sealed record TestVm(TestSubnet Subnet, TestHost Host, uint PortId, int Interface, MacAddress Mac, IPAddress V4, IPAddress V6)
{
    public IPAddress LinkLocal => IpAddresses.LinkLocal(Mac);

    /// <summary>Begins a frame to another VM's adapter.</summary>
    public PacketBuilder To(TestVm other) => PacketBuilder.Ethernet(Mac, other.Mac);

    /// <summary>Begins a frame to the distributed gateway.</summary>
    public PacketBuilder ToGateway() => PacketBuilder.Ethernet(Mac, Subnet.GatewayMac);

    public IPAddress Address(bool v6) => v6 ? V6 : V4;

    /// <summary>UDP to another VM, routed when it lives in another subnet.</summary>
    public byte[] UdpTo(TestVm other, bool v6 = false, int payload = 18, byte timeToLive = 64, byte trafficClass = 0) =>
        (other.Subnet == Subnet ? To(other) : ToGateway())
        .Ip(Address(v6), other.Address(v6), timeToLive, trafficClass).Udp(4000, 5000).Payload(payload).ToArray();

    /// <summary>What went wrong counts here.</summary>
    public string TrafficTo(int bytes) => HostState.Tell($"port {PortId} to VM", 1, bytes);
}

/// <summary>A virtual subnet, present on every host of the tests.</summary>
internal sealed record TestSubnet(uint Vsid, uint Rd, IPNetwork V4, IPNetwork V6, MacAddress GatewayMac)
{
    public IPAddress Gateway4 { get; } = Host(V4, 1);

    public IPAddress Gateway6 { get; } = Host(V6, 1);

    public IPAddress Gateway(bool v6) => v6 ? Gateway6 : Gateway4;

    public static IPAddress Host(IPNetwork network, byte number)
    {
        byte[] bytes = network.BaseAddress.GetAddressBytes();
        bytes[^1] = number;
        return new IPAddress(bytes);
    }
}
