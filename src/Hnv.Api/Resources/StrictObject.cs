using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>
/// Reads a JSON object field by field and finds everything that is wrong with it: missing, of another type, out of range, said twice,
/// and on <see cref="Close"/> whatever nobody asked for. A field that is null counts as absent. Never throws on any input.
/// </summary>
public sealed class StrictObject
{
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly HashSet<string> _later = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shown = new(StringComparer.Ordinal);
    private readonly BindingContext _context;
    private readonly string _pointer;

    /// <summary>Of a description: what was asked for. Null while an object is read.</summary>
    private readonly OrderedDictionary<string, FieldShape>? _asked;

    private StrictObject()
    {
        _asked = new(StringComparer.Ordinal);
        _pointer = string.Empty;
        _context = new BindingContext(string.Empty, null, []);
    }

    private StrictObject(JsonElement element, string pointer, BindingContext context)
    {
        _pointer = pointer;
        _context = context;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!TryGetName(property, out string? name))
            {
                context.Add(pointer, "has a field whose name is not valid text");
            }
            else if (!_fields.TryAdd(name, property.Value))
            {
                context.Add(JsonPointer.Append(pointer, name), "is there twice", "remove one of them");
            }
        }
    }

    /// <summary>Opens an object; a finding and null if the value is none.</summary>
    /// <param name="pointer">Where it is: the empty string for the document.</param>
    public static StrictObject? Open(JsonElement element, string pointer, BindingContext context)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new StrictObject(element, pointer, context);
        }

        context.Add(pointer, $"is {Describe(element)}", "an object with named fields is expected");
        return null;
    }

    /// <summary>The fields of an object, as the one who reads it asks for them. It is given one without any.</summary>
    public static ImmutableArray<FieldShape> FieldsAskedBy(Action<StrictObject> read)
    {
        var description = new StrictObject();
        read(description);
        return [.. description._asked!.Values];
    }

    /// <summary>Whether the field is there and not null; of a description always, so that what depends on it is asked for.</summary>
    public bool Has(string field) => _asked is not null || _fields.TryGetValue(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Adds a finding about a field of this object.</summary>
    public void Add(string field, string problem, string? remedy = null) => _context.Add(JsonPointer.Append(_pointer, field), problem, remedy);

    /// <summary>Text that is not empty.</summary>
    public string? Text(string field, bool required = false) => Text(new FieldShape(field, FieldForm.Text, required));

    /// <summary>A whole number.</summary>
    public uint? Number(string field, uint min = 0, uint max = uint.MaxValue, bool required = false)
    {
        if (!TryGet(new(field, FieldForm.Number, required) { Range = (min, max) }, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            Add(field, $"is {Describe(value)}", "a whole number is expected");
        }
        else if (!value.TryGetUInt32(out uint number) || number < min || number > max)
        {
            Add(field, $"{BindingContext.Quote(value.GetRawText())} is out of range", $"a whole number from {min} to {max} is expected");
        }
        else
        {
            return number;
        }

        return null;
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string field)
    {
        if (!TryGet(new(field, FieldForm.Flag), out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Add(field, $"is {Describe(value)}", "true or false is expected");
        return null;
    }

    /// <summary>An object; null when it is absent.</summary>
    public T? Object<T>(string field, Func<StrictObject, T?> read)
        where T : class =>
        TryGet(new(field, FieldForm.Object) { Fields = FieldsOf(read) }, out JsonElement value) && Open(value, JsonPointer.Append(_pointer, field), _context) is { } item
            ? read(item)
            : null;

    /// <summary>FIRST-LAST, two addresses.</summary>
    public AddressRange? Range(string field)
    {
        if (Text(new FieldShape(field, FieldForm.AddressRange)) is not { } text)
        {
            return null;
        }

        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash > 0 && AddressText.TryParseAddress(text[..dash].Trim(), out IPAddress first, out _)
            && AddressText.TryParseAddress(text[(dash + 1)..].Trim(), out IPAddress last, out _))
        {
            return new AddressRange(first, last);
        }

        Add(field, $"{BindingContext.Quote(text)} is not a range of addresses", "write it such as 10.0.0.50-10.0.0.99 or \"2001:db8::50-2001:db8::99\"");
        return null;
    }

    /// <summary>One of some words, in any case.</summary>
    /// <returns>The index of the word; null when there is none that is right.</returns>
    public int? Word(string field, ImmutableArray<string> words, bool required = false) =>
        Text(new FieldShape(field, FieldForm.Word, required) { Words = words }) is { } text ? Word(text, JsonPointer.Append(_pointer, field), words) : null;

    /// <summary>Some of some words, in any case; the index of each.</summary>
    public ImmutableArray<int> Words(string field, ImmutableArray<string> words) =>
        [.. Items(new(field, FieldForm.Word) { Words = words }, (value, pointer) => Text(value, pointer) is { } text ? (object?)Word(text, pointer, words) : null).Cast<int>()];

    private int? Word(string text, string pointer, ImmutableArray<string> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            if (string.Equals(words[i], text, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        string? nearest = Suggestion.Nearest(text, words);
        _context.Add(
            pointer, $"{BindingContext.Quote(text)} is not known",
            (nearest is null ? "" : $"did you mean '{nearest}'? ") + $"one of {string.Join(", ", words)} is expected");
        return null;
    }

    /// <summary>An IP address.</summary>
    public IPAddress? Address(string field, bool required = false) =>
        TryGet(new(field, FieldForm.Address, required), out JsonElement value) ? Address(value, JsonPointer.Append(_pointer, field)) : null;

    /// <summary>ADDRESS/LENGTH without host bits.</summary>
    public IPNetwork? Prefix(string field, bool required = false) =>
        TryGet(new(field, FieldForm.Prefix, required), out JsonElement value) ? (IPNetwork?)Prefix(value, JsonPointer.Append(_pointer, field)) : null;

    /// <summary>ADDRESS/LENGTH of an interface: host bits may be set, and are kept.</summary>
    public (IPAddress Address, int Length)? InterfaceAddress(string field, bool required = false)
    {
        if (Text(new FieldShape(field, FieldForm.InterfaceAddress, required)) is not { } text)
        {
            return null;
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && AddressText.TryParseAddress(text[..slash], out IPAddress address, out _)
            && AddressText.TryParsePrefix($"{(address.GetMaxLength() == 32 ? "0.0.0.0" : "::")}{text[slash..]}", out IPNetwork prefix, out _, out _))
        {
            return (address, prefix.PrefixLength);
        }

        Add(field, $"{BindingContext.Quote(text)} is not an address with its prefix length", "write it such as 192.168.4.11/24");
        return null;
    }

    /// <summary>A MAC address.</summary>
    public MacAddress? Mac(string field, bool required = false)
    {
        if (Text(new FieldShape(field, FieldForm.Mac, required)) is not { } text)
        {
            return null;
        }

        if (MacAddress.TryParse(text, out MacAddress mac))
        {
            return mac;
        }

        Add(field, $"{BindingContext.Quote(text)} is not a MAC address", "write it such as 06:06:00:00:00:05");
        return null;
    }

    /// <summary>A GUID, with or without braces; not the one of zeros.</summary>
    public Guid? Identifier(string field, bool required = false)
    {
        if (Text(new FieldShape(field, FieldForm.Identifier, required)) is not { } text)
        {
            return null;
        }

        if ((Guid.TryParseExact(text, "B", out Guid guid) || Guid.TryParseExact(text, "D", out guid)) && guid != Guid.Empty)
        {
            return guid;
        }

        Add(field, $"{BindingContext.Quote(text)} is not a GUID", "write it such as \"{11111111-2222-3333-4444-000000005001}\", or leave it out");
        return null;
    }

    /// <summary>Texts.</summary>
    public ImmutableArray<string> Texts(string field, bool required = false) => Items(new(field, FieldForm.Text, required), Text);

    /// <summary>IP addresses.</summary>
    public ImmutableArray<IPAddress> Addresses(string field, bool required = false) => Items(new(field, FieldForm.Address, required), Address);

    /// <summary>Addresses, each as text or as an object that says more of it; <paramref name="read"/> closes what it is given.</summary>
    public ImmutableArray<T> AddressesOrObjects<T>(string field, Func<IPAddress, T> of, Func<StrictObject, T?> read)
        where T : class =>
        Items(new(field, FieldForm.AddressOrObject) { Fields = FieldsOf(read) }, (value, pointer) =>
            value.ValueKind != JsonValueKind.Object ? Address(value, pointer) is { } address ? of(address) : null
            : Open(value, pointer, _context) is { } item ? read(item)
            : null);

    /// <summary>Prefixes.</summary>
    public ImmutableArray<IPNetwork> Prefixes(string field, bool required = false) =>
        [.. Items(new(field, FieldForm.Prefix, required), Prefix).Cast<IPNetwork>()];

    /// <summary>Objects, each read by <paramref name="read"/>, which closes what it is given; what it answers null for is left out.</summary>
    public ImmutableArray<T> Objects<T>(string field, Func<StrictObject, T?> read, bool required = false)
        where T : class =>
        Items(new(field, FieldForm.Object, required) { Fields = FieldsOf(read) }, (value, pointer) => Open(value, pointer, _context) is { } item ? read(item) : null);

    /// <summary>Fields that are known, and refused until their capability exists.</summary>
    public void NotInThisVersion(params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            _later.Add(field);
        }
    }

    /// <summary>A field that is shown, and not taken.</summary>
    public void ReadOnly(string field, string problem, string remedy)
    {
        if (_fields.ContainsKey(field))
        {
            _shown.Add(field);
            Add(field, problem, remedy);
        }
    }

    /// <summary>Reports what nobody asked for.</summary>
    public void Close()
    {
        foreach (string field in _fields.Keys)
        {
            if (_context.IsFull)
            {
                return;
            }

            if (_known.Contains(field) || _shown.Contains(field))
            {
                continue;
            }

            if (_later.Contains(field))
            {
                Add(field, "is not in this version", "remove it");
                continue;
            }

            string? nearest = Suggestion.Nearest(field, _known);
            Add(
                field, $"{BindingContext.Quote(field)} is not a field here",
                nearest is null ? $"the fields are {string.Join(", ", _known)}" : $"did you mean '{nearest}'?");
        }
    }

    /// <summary>The text of a JSON string; false for everything else, a lone surrogate included, on which GetString throws.</summary>
    public static bool TryGetText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = value.GetString();
            return text is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>None but for a description, so that nothing is read in vain.</summary>
    private ImmutableArray<FieldShape> FieldsOf<T>(Func<StrictObject, T?> read)
        where T : class => _asked is null ? [] : FieldsAskedBy(o => read(o));

    private bool TryGet(FieldShape shape, out JsonElement value)
    {
        string field = shape.Name;
        _known.Add(field);
        _asked?.TryAdd(field, shape);
        if (_fields.TryGetValue(field, out value) && value.ValueKind != JsonValueKind.Null)
        {
            return true;
        }

        if (shape.Required)
        {
            Add(field, "is missing");
        }

        return false;
    }

    private ImmutableArray<T> Items<T>(FieldShape shape, Func<JsonElement, string, T?> read)
        where T : class
    {
        string field = shape.Name;
        if (!TryGet(shape with { IsList = true }, out JsonElement value))
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Add(field, $"is {Describe(value)}", "a list is expected, such as [a, b]");
            return [];
        }

        ImmutableArray<T>.Builder items = ImmutableArray.CreateBuilder<T>(value.GetArrayLength());
        int index = 0;
        foreach (JsonElement element in value.EnumerateArray())
        {
            if (_context.IsFull)
            {
                break;
            }

            if (read(element, JsonPointer.Append(JsonPointer.Append(_pointer, field), index++)) is { } item)
            {
                items.Add(item);
            }
        }

        return items.DrainToImmutable();
    }

    private string? Text(FieldShape shape) => TryGet(shape, out JsonElement value) ? Text(value, JsonPointer.Append(_pointer, shape.Name)) : null;

    private string? Text(JsonElement value, string pointer)
    {
        if (TryGetText(value, out string? text) && text.Length > 0)
        {
            return text;
        }

        string? remedy = value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
            ? "text is expected: put it in quotes"
            : "text is expected";
        _context.Add(pointer, $"is {Describe(value)}", remedy);
        return null;
    }

    private IPAddress? Address(JsonElement value, string pointer)
    {
        if (Text(value, pointer) is not { } text)
        {
            return null;
        }

        if (AddressText.TryParseAddress(text, out IPAddress address, out string? problem))
        {
            return address;
        }

        _context.Add(pointer, $"{BindingContext.Quote(text)} {problem}", "write it such as 10.0.0.5 or \"2001:db8::5\"");
        return null;
    }

    /// <summary>An IPNetwork, boxed so that null can say that there is none.</summary>
    private object? Prefix(JsonElement value, string pointer)
    {
        if (Text(value, pointer) is not { } text)
        {
            return null;
        }

        if (AddressText.TryParsePrefix(text, out IPNetwork prefix, out string? problem, out string? remedy))
        {
            return prefix;
        }

        _context.Add(pointer, $"{BindingContext.Quote(text)} {problem}", remedy ?? "write it such as 10.0.0.0/24 or \"2001:db8::/64\"");
        return null;
    }

    /// <summary>The text of an object's field; null for everything else. TryGetProperty would throw on a name with a lone surrogate.</summary>
    public static string? TextOf(JsonElement element, string field) =>
        element.ValueKind == JsonValueKind.Object
        && element.EnumerateObject().LastOrDefault(p => TryGetName(p, out string? name) && name == field).Value is { ValueKind: JsonValueKind.String } value
        && TryGetText(value, out string? text)
            ? text
            : null;

    /// <summary>The name of a field; false for one with a lone surrogate, on which Name throws.</summary>
    public static bool TryGetName(JsonProperty property, [NotNullWhen(true)] out string? name)
    {
        try
        {
            name = property.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = null;
            return false;
        }
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => $"the number {BindingContext.Quote(value.GetRawText()).Trim('\'')}",
        JsonValueKind.True or JsonValueKind.False => $"the truth value {value.GetRawText()}",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null or JsonValueKind.Undefined => "empty",
        _ => TryGetText(value, out string? text) ? (text.Length == 0 ? "empty" : $"the text {BindingContext.Quote(text)}") : "not valid text",
    };
}
