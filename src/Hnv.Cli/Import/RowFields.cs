using System.Globalization;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Cli.Import;

/// <summary>Typed fields of a row. What is missing or wrong is a finding, and the row then counts as broken.</summary>
internal sealed class RowFields(ExportRow row, ImportFindings findings)
{
    private const int Shown = 60;

    /// <summary>Whether anything was wrong so far.</summary>
    public bool IsBroken { get; private set; }

    public ExportRow Row => row;

    public IPAddress Address(string field) =>
        Read(field, static t => AddressText.TryParseAddress(t, out IPAddress address, out _) ? address : null, "an IP address such as 10.0.0.5") ?? IPAddress.None;

    /// <summary>Host bits are an error as with the cmdlets.</summary>
    public IPNetwork Prefix(string field) =>
        Read(field, static t => AddressText.TryParsePrefix(t, out IPNetwork prefix, out _, out _) ? (object)prefix : null, "a prefix such as 10.0.0.0/24") is IPNetwork network ? network : default;

    public MacAddress Mac(string field) =>
        Read(field, static t => MacAddress.TryParse(t, out MacAddress mac) ? (object)mac : null, "a MAC address such as 00155D010203") is MacAddress found ? found : default;

    public Guid Identifier(string field) =>
        Read(field, static t => Guid.TryParse(t, out Guid id) && id != Guid.Empty ? (object)id : null, "a GUID such as {11111111-2222-3333-4444-000000000000}") is Guid guid ? guid : default;

    public uint Vsid(string field) =>
        Number(field, VirtualSubnetId.Min, VirtualSubnetId.Max) ?? 0;

    /// <summary>A whole number; null where the field is blank and need not be there.</summary>
    public uint? Number(string field, uint min = 0, uint max = uint.MaxValue, bool required = true) =>
        required || row[field] is not null
            ? Read(
                field, t => uint.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out uint n) && n >= min && n <= max ? (object)n : null,
                $"a whole number from {min} to {max}") as uint?
            : null;

    /// <summary>Absent is false.</summary>
    public bool Flag(string field) =>
        row[field] is not null && Read(field, static t => bool.TryParse(t, out bool flag) ? (object)flag : t is "0" or "1" ? t == "1" : null, "True or False") is true;

    /// <summary>A word with or without a prefix, or its number.</summary>
    public uint? Word(string field, string prefix, params string[] words)
    {
        if (row[field] is null)
        {
            return null;
        }

        return Read(
            field, t => uint.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
                ? number < words.Length ? (object)number : null
                : Array.FindIndex(words, w => w.Equals(t, StringComparison.OrdinalIgnoreCase) || (prefix + w).Equals(t, StringComparison.OrdinalIgnoreCase)) is >= 0 and var at ? (uint)at : null,
            $"one of {string.Join(", ", words.Select(w => prefix + w))}") as uint?;
    }

    private T? Read<T>(string field, Func<string, T?> parse, string expected)
        where T : class
    {
        if (row[field] is not { } text)
        {
            findings.Error(row, field, row.Has(field) ? "is empty" : "is missing", $"{expected} is expected");
        }
        else if (parse(text) is { } value)
        {
            return value;
        }
        else
        {
            findings.Error(row, field, $"'{(text.Length > Shown ? text[..Shown] + "…" : text)}' is wrong", $"{expected} is expected");
        }

        IsBroken = true;
        return null;
    }
}
