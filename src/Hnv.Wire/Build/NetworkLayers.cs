namespace Hnv.Wire;

internal sealed record IPv4Layer(IPv4Header Header, byte[] Options) : PacketLayer
{
    public override EtherType Type => EtherType.IPv4;

    /// <summary>IP in IP (RFC 2003).</summary>
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => (IpProtocol)4;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        IPv4Header header = Header with { OptionsLength = Options.Length };
        header = header with
        {
            TotalLength = header.TotalLength == 0 ? checked((ushort)(header.Length + payload.Length)) : header.TotalLength,
            Protocol = neighbors.Next?.ProtocolWithin(this) ?? header.Protocol,
        };
        byte[] packet = Room(header.Length, payload);
        header.Write(packet, Options);
        return packet;
    }
}

internal sealed record IPv6Layer(IPv6Header Header) : PacketLayer
{
    public override EtherType Type => EtherType.IPv6;

    /// <summary>IPv6 in IP (RFC 2473).</summary>
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => (IpProtocol)41;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        IPv6Header header = Header with
        {
            PayloadLength = Header.PayloadLength == 0 ? checked((ushort)payload.Length) : Header.PayloadLength,
            NextHeader = neighbors.Next?.ProtocolWithin(this) ?? Header.NextHeader,
        };
        byte[] packet = Room(IPv6Header.Length, payload);
        header.Write(packet);
        return packet;
    }
}

internal sealed record IPv6ExtensionLayer(IpProtocol Protocol, byte[] Data) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => Protocol;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        int length = 2 + Data.Length;
        if (length % 8 != 0)
        {
            throw new InvalidOperationException($"An IPv6 extension header has a multiple of 8 bytes, not {length}.");
        }

        byte[] packet = Room(length, payload);
        packet[0] = (byte)(neighbors.Next?.ProtocolWithin(neighbors.Network) ?? IpProtocol.IPv6NoNextHeader);
        packet[1] = (byte)(length / 8 - 1);
        Data.CopyTo(packet, 2);
        return packet;
    }
}

internal sealed record IPv6FragmentLayer(IPv6FragmentHeader Fragment) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => IpProtocol.IPv6Fragment;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] packet = Room(IPv6FragmentHeader.Length, payload);
        Fragment.Write(packet, neighbors.Next?.ProtocolWithin(neighbors.Network) ?? IpProtocol.IPv6NoNextHeader);
        return packet;
    }
}
