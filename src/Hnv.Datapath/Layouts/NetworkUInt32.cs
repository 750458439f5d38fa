using System.Buffers.Binary;

namespace Hnv.Datapath.Layouts;

/// <summary>A __be32: 32 bits as they lie in memory in network byte order. Never mixes with numbers by accident.</summary>
public readonly record struct NetworkUInt32
{
    private readonly uint _raw;

    private NetworkUInt32(uint raw) => _raw = raw;

    /// <summary>Turns a number of this host's byte order.</summary>
    public static NetworkUInt32 ToNetwork(uint host) => new(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host);

    /// <summary>The number in this host's byte order.</summary>
    public uint ToHost() => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_raw) : _raw;

    public override string ToString() => ToHost().ToString();
}
