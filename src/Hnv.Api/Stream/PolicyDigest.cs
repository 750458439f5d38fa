using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Hnv.Api.Stream;

/// <summary>
/// Digest of a set of policy items: the sum modulo 2^128 of the first 16 bytes of each item's SHA-256, taken over its JSON.
/// Independent of order and maintained item by item, so that both ends keep it up to date at the cost of what changed.
/// It finds accidents (a lost line, a corrupt cache), not adversaries: the stream is authenticated by TLS.
/// </summary>
public readonly record struct PolicyDigest(UInt128 Value)
{
    /// <summary>Digest of the set of that item alone.</summary>
    public static PolicyDigest Of(PolicyItem item) => new(Hash(item));

    /// <summary>Digest of the union of two sets that have no item in common.</summary>
    public static PolicyDigest operator +(PolicyDigest left, PolicyDigest right) => new(unchecked(left.Value + right.Value));

    /// <summary>Digest of a set without a subset of it.</summary>
    public static PolicyDigest operator -(PolicyDigest left, PolicyDigest right) => new(unchecked(left.Value - right.Value));

    /// <summary>With an item added.</summary>
    public PolicyDigest Add(PolicyItem item) => this + Of(item);

    /// <summary>With an item taken out.</summary>
    public PolicyDigest Remove(PolicyItem item) => this - Of(item);

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    private static UInt128 Hash(PolicyItem item)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(item, HnvJson.Options);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(json, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
