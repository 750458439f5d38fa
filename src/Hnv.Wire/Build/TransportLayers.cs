using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

internal sealed record IcmpLayer(IcmpHeader Header) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => network is IPv6Layer ? IpProtocol.IcmpV6 : IpProtocol.Icmp;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] message = Room(IcmpHeader.Length, payload);
        Header.Write(message);
        ushort checksum = neighbors.Network is IPv6Layer v6
            ? InternetChecksum.Compute(v6.Header.Source, v6.Header.Destination, IpProtocol.IcmpV6, message)
            : InternetChecksum.Compute(message); // ICMP of IPv4 has no pseudo header
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), checksum);
        return message;
    }
}

internal sealed record UdpLayer(ushort SourcePort, ushort DestinationPort) : PacketLayer
{
    /// <summary>The checksum stays 0: none was made.</summary>
    public bool Unchecked { get; init; }

    public override IpProtocol? ProtocolWithin(PacketLayer? network) => IpProtocol.Udp;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] message = Room(UdpHeader.Length, payload);
        var header = new UdpHeader(SourcePort, DestinationPort, checked((ushort)message.Length));
        header.Write(message);
        if (Unchecked)
        {
            return message;
        }

        ushort checksum = TransportChecksum.Compute(neighbors.Network, IpProtocol.Udp, message);
        (header with { Checksum = checksum == 0 ? ushort.MaxValue : checksum }).Write(message); // 0 would say "none" (RFC 768)
        return message;
    }
}

internal sealed record TcpLayer(TcpHeader Header, byte[] Options) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => IpProtocol.Tcp;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        TcpHeader header = Header with { OptionsLength = Options.Length, Checksum = 0 };
        byte[] segment = Room(header.Length, payload);
        header.Write(segment, Options);
        (header with { Checksum = TransportChecksum.Compute(neighbors.Network, IpProtocol.Tcp, segment) }).Write(segment, Options);
        return segment;
    }
}

/// <summary>The checksum of a transport message behind the IP layer it is built in; without one there is no pseudo header.</summary>
internal static class TransportChecksum
{
    public static ushort Compute(PacketLayer? network, IpProtocol protocol, ReadOnlySpan<byte> message)
    {
        (IPAddress Source, IPAddress Destination)? addresses = network switch
        {
            IPv4Layer v4 => (v4.Header.Source, v4.Header.Destination),
            IPv6Layer v6 => (v6.Header.Source, v6.Header.Destination),
            _ => null,
        };
        return addresses is var (source, destination)
            ? InternetChecksum.Compute(source, destination, protocol, message)
            : InternetChecksum.Compute(message);
    }
}
