namespace Hnv.StateLog.Keys;

/// <summary>The encoded keys from <paramref name="Low"/> (included) to <paramref name="High"/> (excluded).</summary>
internal readonly record struct KeyRange(byte[] Low, byte[] High)
{
    /// <summary>All keys that begin with the prefix and, where a page continues, lie behind <paramref name="afterKey"/>.</summary>
    /// <exception cref="ArgumentException">One of them is no well-formed Unicode.</exception>
    public static KeyRange Of(string prefix, string? afterKey = null)
    {
        byte[] low = KeyEncoding.Encode(prefix, nameof(prefix));
        byte[] high = Successor(low);
        if (afterKey is not null)
        {
            // The least key behind K is K followed by a zero byte.
            byte[] next = [.. KeyEncoding.Encode(afterKey, nameof(afterKey)), 0];
            low = next.AsSpan().SequenceCompareTo(low) > 0 ? next : low;
        }

        return new(low, high);
    }

    /// <summary>The least byte string above all that begin with the prefix. No byte of UTF-8 is FF, so the last one can always grow.</summary>
    private static byte[] Successor(byte[] prefix)
    {
        if (prefix.Length == 0)
        {
            return [0xFF];
        }

        byte[] successor = [.. prefix];
        successor[^1]++;
        return successor;
    }
}
