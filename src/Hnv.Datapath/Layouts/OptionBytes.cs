using System.Runtime.CompilerServices;

namespace Hnv.Datapath.Layouts;

/// <summary>Options as they stand in the messages of the responder, with zeros behind them. Compared byte by byte.</summary>
[InlineArray(Capacity)]
public struct OptionBytes : IEquatable<OptionBytes>
{
    /// <summary>HNV_OPTIONS.</summary>
    public const int Capacity = 512;

    private byte _first;

    /// <param name="options">At most <see cref="Capacity"/> bytes.</param>
    /// <exception cref="ArgumentException">There are more.</exception>
    public static OptionBytes From(ReadOnlySpan<byte> options)
    {
        var bytes = default(OptionBytes);
        options.CopyTo(bytes);
        return bytes;
    }

    public static bool operator ==(OptionBytes left, OptionBytes right) => left.Equals(right);

    public static bool operator !=(OptionBytes left, OptionBytes right) => !left.Equals(right);

    public readonly bool Equals(OptionBytes other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is OptionBytes other && Equals(other);

    public override readonly int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(this);
        return hash.ToHashCode();
    }

    public override readonly string ToString() => Convert.ToHexStringLower(((ReadOnlySpan<byte>)this).TrimEnd((byte)0));
}
