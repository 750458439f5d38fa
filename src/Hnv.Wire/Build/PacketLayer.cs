namespace Hnv.Wire;

/// <summary>A layer of a packet that is being built from the inside out.</summary>
internal abstract record PacketLayer
{
    /// <summary>What an Ethernet or GRE header before this layer says.</summary>
    public virtual EtherType Type => EtherType.None;

    /// <summary>What an IP header before this layer says; null when it is not for IP to say.</summary>
    public virtual IpProtocol? ProtocolWithin(PacketLayer? network) => null;

    /// <returns>The header of this layer and its payload.</returns>
    public abstract byte[] Enclose(byte[] payload, PacketNeighbors neighbors);

    /// <summary>Room for a header, and the payload behind it.</summary>
    protected static byte[] Room(int header, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[header + payload.Length];
        payload.CopyTo(packet.AsSpan(header));
        return packet;
    }
}

/// <summary>The layers that a layer must know to fill in its header.</summary>
/// <param name="Network">The nearest IP layer before; checksums need its addresses.</param>
/// <param name="Next">The layer behind.</param>
internal readonly record struct PacketNeighbors(PacketLayer? Network, PacketLayer? Next);

/// <summary>Bytes as they are.</summary>
internal sealed record BytesLayer(byte[] Bytes, EtherType As = EtherType.None) : PacketLayer
{
    public override EtherType Type => As;

    public override byte[] Enclose(byte[] payload, PacketNeighbors neighbors) => [.. Bytes, .. payload];
}
