using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Hnv.Api.Resources;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hnv.Api.Manifests;

/// <summary>Turns the events of one document into JSON, and remembers where each value was.</summary>
internal sealed class DocumentComposer(YamlEvents events, string fileName, int skippedLines, List<ManifestError> errors)
{
    private const string YamlTag = "tag:yaml.org,2002:";

    private readonly ImmutableArray<SourcePosition>.Builder _positions = ImmutableArray.CreateBuilder<SourcePosition>();

    /// <summary>
    /// Composes the document whose first event is the current one, up to its end. Null for an empty one, and for one that
    /// has errors.
    /// </summary>
    /// <exception cref="YamlException">It is not YAML, or too deep.</exception>
    public ManifestDocument? Compose()
    {
        _positions.Clear();
        int errorsBefore = errors.Count;
        ParsingEvent first = Current;
        if (first is Scalar { Style: ScalarStyle.Plain, Value: "", Tag.IsEmpty: true, Anchor.IsEmpty: true })
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = HnvJson.Encoder, SkipValidation = false }))
        {
            Value(writer, first.Start, 0);
        }

        if (first is not MappingStart && errors.Count == errorsBefore)
        {
            Add(first.Start, "is not an object with named fields", "begin a document with `kind: …`");
        }

        if (errors.Count != errorsBefore)
        {
            return null;
        }

        JsonElement root = JsonElement.Parse(buffer.WrittenSpan);
        return new ManifestDocument(fileName, root, new SourceMap(root, _positions.ToImmutable()));
    }

    private ParsingEvent Current => events.Current;

    private ParsingEvent Next()
    {
        events.MoveNext();
        return Current;
    }

    /// <summary>Writes the value that begins with the current event; afterwards its last event is the current one.</summary>
    private void Value(Utf8JsonWriter writer, Mark position, int depth)
    {
        ParsingEvent current = Current;
        _positions.Add(new SourcePosition(skippedLines + (int)position.Line, (int)position.Column));
        if (depth > ManifestReader.MaxDepth)
        {
            throw new NestingException(current.Start, current.End);
        }

        if (current is NodeEvent { Anchor.IsEmpty: false })
        {
            Add(current.Start, "has an anchor (&)", "write the value out where it is needed");
        }

        switch (current)
        {
            case AnchorAlias:
                Add(current.Start, "has an alias (*)", "write the value out");
                writer.WriteNullValue();
                break;
            case Scalar scalar:
                Write(writer, scalar);
                break;
            case SequenceStart sequence:
                CheckTag(sequence.Start, sequence.Tag, "seq");
                writer.WriteStartArray();
                while (Next() is not SequenceEnd)
                {
                    Value(writer, Current.Start, depth + 1);
                }

                writer.WriteEndArray();
                break;
            case MappingStart mapping:
                CheckTag(mapping.Start, mapping.Tag, "map");
                Mapping(writer, depth);
                break;
            default:
                throw new YamlException(current.Start, current.End, "a value is expected");
        }
    }

    private void Mapping(Utf8JsonWriter writer, int depth)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        writer.WriteStartObject();
        while (Next() is not MappingEnd)
        {
            ParsingEvent key = Current;
            string? name = Name(key);
            if (name is not null && !names.Add(name))
            {
                Add(key.Start, $"{BindingContext.Quote(name)} is there twice", "remove one of them");
                name = null;
            }

            if (name is null)
            {
                // An error was added, so nothing of the document will be used; read on for the next error.
                Skip();
                name = $"\u0001{names.Count}";
                names.Add(name);
            }

            Next();
            writer.WritePropertyName(name);
            Value(writer, key.Start, depth + 1);
        }

        writer.WriteEndObject();
    }

    /// <summary>The name of a field, or null with an error.</summary>
    private string? Name(ParsingEvent key)
    {
        if (key is not Scalar { Anchor.IsEmpty: true } scalar)
        {
            Add(key.Start, "the name of a field is not plain text", "write NAME: VALUE");
            return null;
        }

        bool text = scalar.Style != ScalarStyle.Plain || CoreSchema.ToJson(scalar.Value) is null;
        if (!text || !IsText(scalar) || !IsWellFormed(scalar.Value))
        {
            Add(key.Start, $"{BindingContext.Quote(scalar.Value)} is not the name of a field", "names of fields are text");
            return null;
        }

        if (scalar is { Style: ScalarStyle.Plain, Value: "<<" })
        {
            Add(key.Start, "has a merge key (<<)", "write the fields out");
            return null;
        }

        return scalar.Value;
    }

    private void Write(Utf8JsonWriter writer, Scalar scalar)
    {
        if (!IsText(scalar))
        {
            Add(scalar.Start, $"has the tag {BindingContext.Quote(scalar.Tag.Value)}", "remove it; quotes make text of a number");
        }

        if (!IsWellFormed(scalar.Value))
        {
            Add(scalar.Start, "is not valid text (half of a surrogate pair)", "correct the \\u escapes");
            writer.WriteNullValue();
        }
        else if (scalar is { Style: ScalarStyle.Plain, Tag.IsEmpty: true } && CoreSchema.ToJson(scalar.Value) is { } json)
        {
            writer.WriteRawValue(json);
        }
        else
        {
            writer.WriteStringValue(scalar.Value);
        }
    }

    /// <summary>Passes the value that begins with the current event; afterwards its last event is the current one.</summary>
    private void Skip()
    {
        int open = 0;
        while (true)
        {
            open += Current switch
            {
                SequenceStart or MappingStart => 1,
                SequenceEnd or MappingEnd => -1,
                _ => 0,
            };
            if (open == 0)
            {
                return;
            }

            Next();
        }
    }

    private void CheckTag(Mark position, TagName tag, string own)
    {
        if (!tag.IsEmpty && tag.Value != YamlTag + own)
        {
            Add(position, $"has the tag {BindingContext.Quote(tag.IsNonSpecific ? "!" : tag.Value)}", "remove it");
        }
    }

    /// <summary>No tag, or one that makes it text.</summary>
    private static bool IsText(Scalar scalar) => scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific || scalar.Tag.Value == YamlTag + "str";

    private static bool IsWellFormed(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int consumed) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return true;
    }

    private void Add(Mark position, string problem, string remedy) =>
        errors.Add(new ManifestError(fileName, skippedLines + (int)position.Line, (int)position.Column, null, "", problem, remedy));
}
