using System.Globalization;

namespace Hnv.Model.Addressing;

/// <summary>A 48-bit IEEE MAC address; the value's lowest 48 bits hold it with the first octet highest.</summary>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Octets of an address.</summary>
    public const int Length = 6;

    /// <summary>True for group addresses (multicast and broadcast): the first octet's lowest bit.</summary>
    public bool IsGroup => (Value >> 40 & 1) != 0;

    /// <summary>Reads six octets in transmission order.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < Length; i++)
        {
            value = value << 8 | bytes[i];
        }

        return new MacAddress(value);
    }

    /// <summary>Accepts 06:06:00:00:00:05, 06-06-00-00-00-05 and 060600000005, in any case.</summary>
    public static bool TryParse(string? text, out MacAddress mac)
    {
        mac = default;
        if (text is null)
        {
            return false;
        }

        string digits = text.Length switch
        {
            12 => text,
            17 when HasSeparators(text, ':') => text.Replace(":", string.Empty, StringComparison.Ordinal),
            17 when HasSeparators(text, '-') => text.Replace("-", string.Empty, StringComparison.Ordinal),
            _ => string.Empty,
        };
        if (digits.Length != 12
            || !ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value))
        {
            return false;
        }

        mac = new MacAddress(value);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="FormatException">The text is not a MAC address.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out MacAddress mac) ? mac : throw new FormatException($"'{text}' is not a MAC address such as 06:06:00:00:00:05.");

    /// <summary>Writes six octets in transmission order.</summary>
    public void CopyTo(Span<byte> destination)
    {
        for (int i = 0; i < Length; i++)
        {
            destination[i] = (byte)(Value >> (40 - 8 * i));
        }
    }

    /// <summary>Lower-case hexadecimal with colons.</summary>
    public override string ToString()
    {
        Span<byte> b = stackalloc byte[Length];
        CopyTo(b);
        return $"{b[0]:x2}:{b[1]:x2}:{b[2]:x2}:{b[3]:x2}:{b[4]:x2}:{b[5]:x2}";
    }

    private static bool HasSeparators(string text, char separator)
    {
        for (int i = 2; i < text.Length; i += 3)
        {
            if (text[i] != separator)
            {
                return false;
            }
        }

        return true;
    }
}
