using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>
/// A VRRP advertisement as a router sends it (RFC 9568, 5.1; version 2, RFC 3768, 5.1, for IPv4 with 8 bytes of authentication data), and ways to get
/// it wrong.
/// </summary>
internal sealed record VrrpAdvertisement(int Version, byte Priority, params IPAddress[] Addresses)
{
    /// <summary>Version in the upper half of a byte, 1 for ADVERTISEMENT in the lower.</summary>
    public byte? VersionAndType { get; init; }

    public byte Router { get; init; } = 51;

    public byte? Count { get; init; }

    public byte Hops { get; init; } = 255;

    public IPAddress? Group { get; init; }

    public IPAddress? Source { get; init; }

    public MacAddress? Mac { get; init; }

    public IpProtocol Protocol { get; init; } = IpProtocol.Vrrp;

    /// <summary>Bytes that are missing at the end of the packet; negative: bytes behind the packet, in the frame only.</summary>
    public int Cut { get; init; }

    private bool IsV6 => Addresses.Length > 0 && Addresses[0].AddressFamily == AddressFamily.InterNetworkV6;

    public byte[] From(TestVm vm)
    {
        IPAddress group = Group ?? IPAddress.Parse(IsV6 ? "ff02::12" : "224.0.0.18");
        PacketBuilder frame = PacketBuilder.Ethernet(Mac ?? vm.Mac, IpAddresses.MulticastMac(group));
        frame = IsV6
            ? frame.IPv6(Source ?? vm.LinkLocal, group, h => h with { HopLimit = Hops, NextHeader = Protocol })
            : frame.IPv4(Source ?? vm.V4, group, h => h with { TimeToLive = Hops, Protocol = Protocol });
        byte[] message =
        [
            VersionAndType ?? (byte)(Version << 4 | 1), Router, Priority, Count ?? (byte)Addresses.Length, 0, (byte)(Version == 2 ? 1 : 20), 0, 0,
            .. Addresses.SelectMany(address => address.GetAddressBytes()), .. Version == 2 ? new byte[8] : [],
        ];
        byte[] whole = frame.Payload(message.AsSpan(..(message.Length - Math.Max(Cut, 0)))).ToArray();
        return [.. whole, .. new byte[Math.Max(-Cut, 0)]];
    }
}
