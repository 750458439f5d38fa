using System.Buffers.Binary;

namespace Hnv.Datapath.Layouts;

/// <summary>A __be16: 16 bits as they lie in memory in network byte order. Never mixes with numbers by accident.</summary>
public readonly record struct NetworkUInt16
{
    private readonly ushort _raw;

    private NetworkUInt16(ushort raw) => _raw = raw;

    /// <summary>Turns a number of this host's byte order.</summary>
    public static NetworkUInt16 ToNetwork(ushort host) => new(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host);

    /// <summary>The number in this host's byte order.</summary>
    public ushort ToHost() => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_raw) : _raw;

    public override string ToString() => ToHost().ToString();
}
