using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Hnv.Api.Manifests;

/// <summary>
/// What a plain scalar means by the core schema of YAML 1.2 (section 10.3.2): <c>5001</c> is a number, while <c>on</c>, <c>yes</c> and
/// <c>06:06:00:00:00:05</c> are text, which YAML 1.1 took for truth values and a number to base 60.
/// </summary>
internal static partial class CoreSchema
{
    /// <summary>Longer ones are text: nothing here has such numbers.</summary>
    private const int MaxNumberLength = 64;

    /// <summary>The scalar as JSON (null, true, false, a number), or null if it is text.</summary>
    public static string? ToJson(string plain)
    {
        switch (plain)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return "null";
            case "true" or "True" or "TRUE":
                return "true";
            case "false" or "False" or "FALSE":
                return "false";
        }

        if (plain.Length > MaxNumberLength || !MayBeginNumber(plain[0]))
        {
            return null;
        }

        if (Integer().IsMatch(plain))
        {
            return BigInteger.Parse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        }

        if (Hexadecimal().IsMatch(plain))
        {
            return BigInteger.Parse("0" + plain[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        }

        if (Octal().IsMatch(plain))
        {
            return plain[2..].Aggregate(BigInteger.Zero, static (value, digit) => value * 8 + (digit - '0')).ToString(CultureInfo.InvariantCulture);
        }

        // Infinity has no form in JSON; what overflows to it stays text (06e600000005 may be meant as a MAC address).
        return Float().IsMatch(plain) && double.Parse(plain, CultureInfo.InvariantCulture) is var number && double.IsFinite(number)
            ? (number == 0 ? 0 : number).ToString("R", CultureInfo.InvariantCulture) // -0.0 would be read as the integer -0, which is 0
            : null;
    }

    private static bool MayBeginNumber(char c) => c is >= '0' and <= '9' or '+' or '-' or '.';

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^0x[0-9a-fA-F]+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"^0o[0-7]+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Octal();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Float();
}
