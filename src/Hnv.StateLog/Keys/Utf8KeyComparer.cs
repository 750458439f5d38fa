namespace Hnv.StateLog.Keys;

/// <summary>
/// Orders keys by the bytes of their UTF-8 form, the order every engine uses. It differs from ordinal string order, which is that
/// of UTF-16 units: U+10000 and above are written with units D800–DFFF there, and so come before U+E000–U+FFFF.
/// </summary>
public sealed class Utf8KeyComparer : IComparer<string>
{
    public static Utf8KeyComparer Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        }

        int same = x.AsSpan().CommonPrefixLength(y);
        return same == x.Length || same == y.Length
            ? x.Length.CompareTo(y.Length)
            : CodePointOrder(x[same]).CompareTo(CodePointOrder(y[same]));
    }

    /// <summary>Moves the surrogates behind all other units, which makes unit order code point order (RFC 3629, section 1).</summary>
    private static int CodePointOrder(char unit) =>
        unit < 0xD800 ? unit : unit >= 0xE000 ? unit - 0x800 : unit + 0x2000;
}
