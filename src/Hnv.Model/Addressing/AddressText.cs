using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hnv.Model.Addressing;

/// <summary>
/// Strict text forms of addresses and prefixes. <see cref="IPAddress.Parse(string)"/> also takes <c>10.1</c>, octal and hexadecimal
/// octets and zones: in a policy each of them is a typing error.
/// </summary>
public static class AddressText
{
    private const int MaxLength = 64;

    /// <summary>Four decimal octets without leading zeros, or an IPv6 address without zone that is not an IPv4 address in disguise.</summary>
    /// <param name="problem">Why not, without the text itself: "is not an IP address".</param>
    public static bool TryParseAddress(string? text, out IPAddress address, out string? problem)
    {
        address = IPAddress.None;
        problem = "is not an IP address";
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            if (text.Contains('%', StringComparison.Ordinal))
            {
                problem = "has a zone (%), which means nothing outside one machine";
                return false;
            }

            if (text.Contains('[', StringComparison.Ordinal) || text.Contains('/', StringComparison.Ordinal)
                || !IPAddress.TryParse(text, out IPAddress? v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }

            if (v6.IsIPv4MappedToIPv6)
            {
                problem = $"is an IPv4 address in IPv6 form; write {v6.MapToIPv4()}";
                return false;
            }

            address = v6;
            problem = null;
            return true;
        }

        Span<byte> octets = stackalloc byte[4];
        int count = 0;
        foreach (Range range in text.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> part = text.AsSpan()[range];
            if (count == 4 || part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')
                || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out octets[count]))
            {
                return false;
            }

            count++;
        }

        if (count != 4)
        {
            return false;
        }

        address = new IPAddress(octets);
        problem = null;
        return true;
    }

    /// <summary>ADDRESS/LENGTH without host bits.</summary>
    /// <param name="remedy">What would be right, where that is plain.</param>
    public static bool TryParsePrefix(string? text, out IPNetwork prefix, out string? problem, out string? remedy)
    {
        prefix = default;
        remedy = null;
        problem = "is not a prefix";
        int slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (text is null || slash < 0)
        {
            if (TryParseAddress(text, out IPAddress bare, out _))
            {
                problem = "has no length";
                remedy = $"write {bare}/{(bare.AddressFamily == AddressFamily.InterNetwork ? 24 : 64)}, or the length you mean";
            }

            return false;
        }

        if (!TryParseAddress(text[..slash], out IPAddress address, out string? addressProblem))
        {
            problem = addressProblem == "is not an IP address" ? "is not a prefix" : addressProblem;
            return false;
        }

        int max = address.GetMaxLength();
        ReadOnlySpan<char> digits = text.AsSpan(slash + 1);
        if (digits.Length is 0 or > 3 || (digits.Length > 1 && digits[0] == '0')
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > max)
        {
            problem = "has no valid length";
            remedy = $"the length is 0 to {max}";
            return false;
        }

        prefix = address.GetPrefix(length);
        if (!prefix.BaseAddress.Equals(address))
        {
            problem = "has host bits set";
            remedy = $"write {prefix}";
            return false;
        }

        problem = null;
        return true;
    }
}
