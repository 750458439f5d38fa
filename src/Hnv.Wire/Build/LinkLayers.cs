using System.Buffers.Binary;

namespace Hnv.Wire;

internal sealed record EthernetLayer(EthernetHeader Header) : PacketLayer
{
    public override EtherType Type => EtherType.TransparentEthernetBridging;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        EthernetHeader header = Header.Type == EtherType.None ? Header with { Type = neighbors.Next?.Type ?? EtherType.None } : Header;
        byte[] frame = Room(header.Length, payload);
        header.Write(frame);
        return frame;
    }
}

internal sealed record VlanLayer(VlanTag Tag) : PacketLayer
{
    public override EtherType Type => Tag.Protocol;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] packet = Room(VlanTag.Length, payload);
        BinaryPrimitives.WriteUInt16BigEndian(packet, Tag.Control);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(neighbors.Next?.Type ?? EtherType.None));
        return packet;
    }
}

internal sealed record ArpLayer(ArpPacket Packet) : PacketLayer
{
    public override EtherType Type => EtherType.Arp;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] packet = Room(ArpPacket.Length, payload);
        Packet.Write(packet);
        return packet;
    }
}

internal sealed record GreLayer(GreHeader Header) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => IpProtocol.Gre;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        GreHeader header = Header.Protocol == EtherType.None ? Header with { Protocol = neighbors.Next?.Type ?? EtherType.None } : Header;
        byte[] packet = Room(header.Length, payload);
        (header with { Checksum = 0 }).Write(packet);
        if (header.Flags.HasFlag(GreFlags.Checksum))
        {
            (header with { Checksum = InternetChecksum.Compute(packet) }).Write(packet);
        }

        return packet;
    }
}

internal sealed record VxlanLayer(VxlanHeader Header) : PacketLayer
{
    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] packet = Room(VxlanHeader.Length, payload);
        Header.Write(packet);
        return packet;
    }
}

internal sealed record NvgreLayer(NvgreHeader Header) : PacketLayer
{
    public override IpProtocol? ProtocolWithin(PacketLayer? network) => IpProtocol.Gre;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors)
    {
        byte[] packet = Room(NvgreHeader.Length, payload);
        Header.Write(packet);
        return packet;
    }
}
