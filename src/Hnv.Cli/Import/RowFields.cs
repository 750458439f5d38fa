using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Cli.Import;

/// <summary>As the TryParse of the framework's types.</summary>
internal delegate bool TextParser<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>Typed fields of a row. What is missing or wrong is a finding, and the row then counts as broken.</summary>
internal sealed class RowFields(ExportRow row, ImportFindings findings)
{
    private const int Shown = 60;

    /// <summary>Whether anything was wrong so far.</summary>
    public bool IsBroken { get; private set; }

    public ExportRow Row => row;

    public IPAddress Address(string field) =>
        TryRead(field, static (string t, [MaybeNullWhen(false)] out IPAddress a) => AddressText.TryParseAddress(t, out a, out _), "an IP address such as 10.0.0.5", out IPAddress? address)
            ? address
            : IPAddress.None;

    /// <summary>Host bits are an error as with the cmdlets.</summary>
    public IPNetwork Prefix(string field) =>
        TryRead(field, static (t, out p) => AddressText.TryParsePrefix(t, out p, out _, out _), "a prefix such as 10.0.0.0/24", out IPNetwork prefix) ? prefix : default;

    public MacAddress Mac(string field) =>
        TryRead(field, MacAddress.TryParse, "a MAC address such as 00155D010203", out MacAddress mac) ? mac : default;

    public Guid Identifier(string field) =>
        TryRead(
            field, static (t, out id) => Guid.TryParse(t, out id) && id != Guid.Empty, "a GUID such as {11111111-2222-3333-4444-000000000000}", out Guid id)
            ? id
            : default;

    public uint Vsid(string field) =>
        Number(field, VirtualSubnetId.Min, VirtualSubnetId.Max) ?? 0;

    /// <summary>A whole number; null where the field is blank and need not be there.</summary>
    public uint? Number(string field, uint min = 0, uint max = uint.MaxValue, bool required = true) =>
        (required || row[field] is not null)
        && TryRead(
            field, (t, out n) => uint.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out n) && n >= min && n <= max,
            $"a whole number from {min} to {max}", out uint number)
            ? number
            : null;

    /// <summary>Absent is false.</summary>
    public bool Flag(string field) => row[field] is not null && TryRead(field, TryParseFlag, "True or False", out bool flag) && flag;

    /// <summary>A word with or without a prefix, or its number.</summary>
    public uint? Word(string field, string prefix, params string[] words) =>
        row[field] is not null
        && TryRead(field, (t, out n) => TryParseWord(t, prefix, words, out n), $"one of {string.Join(", ", words.Select(w => prefix + w))}", out uint number)
            ? number
            : null;

    private static bool TryParseFlag(string text, out bool flag)
    {
        if (text is "0" or "1")
        {
            flag = text == "1";
            return true;
        }

        return bool.TryParse(text, out flag);
    }

    private static bool TryParseWord(string text, string prefix, string[] words, out uint number)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return number < words.Length;
        }

        int at = Array.FindIndex(words, w => w.Equals(text, StringComparison.OrdinalIgnoreCase) || (prefix + w).Equals(text, StringComparison.OrdinalIgnoreCase));
        number = (uint)Math.Max(at, 0);
        return at >= 0;
    }

    private bool TryRead<T>(string field, TextParser<T> parse, string expected, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (row[field] is not { } text)
        {
            findings.Error(row, field, row.Has(field) ? "is empty" : "is missing", $"{expected} is expected");
        }
        else if (parse(text, out value))
        {
            return true;
        }
        else
        {
            findings.Error(row, field, $"'{(text.Length > Shown ? text[..Shown] + "…" : text)}' is wrong", $"{expected} is expected");
        }

        IsBroken = true;
        return false;
    }
}
