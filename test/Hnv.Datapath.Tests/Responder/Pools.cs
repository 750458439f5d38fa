using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Responder;

/// <summary>What the tests' pools say, and the frames around DHCP messages.</summary>
internal static class Pools
{
    public const uint LeaseSeconds = 3600;

    public static readonly Guid ServerId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly Model.Addressing.MacAddress s_broadcast = Model.Addressing.MacAddress.Parse("ff:ff:ff:ff:ff:ff");
    private static readonly IPAddress s_servers = IPAddress.Parse("ff02::1:2");
    private static readonly IPAddress s_routers = IPAddress.Parse("ff02::2");

    /// <summary>Options of the blue subnet, 28 bytes.</summary>
    public static byte[][] Options4(TestSubnet subnet) =>
    [
        DhcpOptions.SubnetMask(subnet.V4), // 6
        DhcpOptions.Addresses(DhcpOption.Router, subnet.Gateway4), // 12
        DhcpOptions.Number16(DhcpOption.InterfaceMtu, 1458), // 16
        DhcpOptions.Addresses(DhcpOption.DomainNameServer, IPAddress.Parse("10.0.0.2")), // 22
        DhcpOptions.Text(DhcpOption.DomainName, "blue"), // 28
    ];

    public static byte[][] Options6 { get; } =
    [
        Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, ServerId),
        Dhcpv6Options.DnsServers(IPAddress.Parse("2001:db8:5001::2")),
        Dhcpv6Options.DomainSearchList("blue.example"),
    ];

    public static byte[] Advertisement(TestSubnet subnet, ushort routerLifetime = 65535)
    {
        byte[] head = new byte[RouterAdvertisement.Length];
        new RouterAdvertisement(64, 0x80, routerLifetime, 0, 0).Write(head);
        return
        [
            .. head, .. NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, subnet.GatewayMac), .. NeighborOptions.Mtu(1458),
            .. NeighborOptions.Prefix(subnet.V6, 0xc0, 2_592_000, 604_800),
            .. NeighborOptions.RecursiveDnsServers(65535, IPAddress.Parse("2001:db8:5001::2")),
        ];
    }

    /// <summary>Gives the subnet a pool on a host; the VMs have the leases of their addresses.</summary>
    public static void Give(TestHost host, TestSubnet subnet, params TestVm[] vms)
    {
        host.SetDhcp4(subnet, Dhcp4Entry.Create(subnet.Gateway4, LeaseSeconds, Options4(subnet)));
        host.SetDhcp6(subnet, Dhcp6Entry.Create(LeaseSeconds, LeaseSeconds * 2, Options6));
        host.SetAdvertisement(subnet, Advertisement(subnet));
        foreach (TestVm vm in vms)
        {
            host.AddLease(vm);
        }
    }

    /// <summary>A client's DHCP message, broadcast from 0.0.0.0.</summary>
    public static byte[] Dhcp(TestVm vm, DhcpMessage message, params byte[][] options) =>
        PacketBuilder.Ethernet(vm.Mac, s_broadcast).IPv4(IPAddress.Any, IPAddress.Broadcast)
            .Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort).Payload(message.ToArray(options)).ToArray();

    /// <summary>A client's DHCP message to its server alone.</summary>
    public static byte[] DhcpToServer(TestVm vm, DhcpMessage message, params byte[][] options) =>
        vm.ToGateway().IPv4(vm.V4, vm.Subnet.Gateway4).Udp(DhcpMessage.ClientPort, DhcpMessage.ServerPort).Payload(message.ToArray(options)).ToArray();

    /// <summary>A client's DHCPv6 message from its link-local address.</summary>
    public static byte[] Dhcpv6(TestVm vm, Dhcpv6Message message, params byte[][] options) =>
        PacketBuilder.Ethernet(vm.Mac, IpAddresses.MulticastMac(s_servers)).IPv6(vm.LinkLocal, s_servers)
            .Udp(Wire.Dhcpv6Message.ClientPort, Wire.Dhcpv6Message.ServerPort).Payload(message.ToArray(options)).ToArray();

    public static byte[] RouterSolicitation(TestVm vm, IPAddress? source = null, params byte[][] options) =>
        PacketBuilder.Ethernet(vm.Mac, IpAddresses.MulticastMac(s_routers)).IPv6(source ?? vm.LinkLocal, s_routers, h => h with { HopLimit = 255 })
            .RouterSolicitation(options).ToArray();

    /// <summary>Begins a frame of the server to a client.</summary>
    public static PacketBuilder FromServer(TestVm vm, IPAddress? to) =>
        PacketBuilder.Ethernet(vm.Subnet.GatewayMac, to is null ? s_broadcast : vm.Mac)
            .IPv4(vm.Subnet.Gateway4, to ?? IPAddress.Broadcast, h => h with { Flags = IPv4Flags.DontFragment })
            .Udp(DhcpMessage.ServerPort, DhcpMessage.ClientPort);

    public static PacketBuilder FromServer6(TestVm vm) =>
        PacketBuilder.Ethernet(vm.Subnet.GatewayMac, vm.Mac).IPv6(IpAddresses.LinkLocal(vm.Subnet.GatewayMac), vm.LinkLocal)
            .Udp(Wire.Dhcpv6Message.ServerPort, Wire.Dhcpv6Message.ClientPort);

    /// <summary>An advertisement as it is sent to the VM, or to all nodes.</summary>
    public static byte[] AdvertisementTo(TestVm vm, IPAddress? to = null)
    {
        byte[] message = Advertisement(vm.Subnet);
        IPAddress everybody = IPAddress.Parse("ff02::1");
        return PacketBuilder.Ethernet(vm.Subnet.GatewayMac, to is null ? IpAddresses.MulticastMac(everybody) : vm.Mac)
            .IPv6(IpAddresses.LinkLocal(vm.Subnet.GatewayMac), to ?? everybody, h => h with { HopLimit = 255 })
            .Icmp(IcmpV6Type.RouterAdvertisement, 0, 64u << 24 | 0x80u << 16 | 65535).Payload(message.AsSpan(8)).ToArray();
    }
}
