using System.Text.Json;
using System.Text.RegularExpressions;
using Hnv.Api.Resources;
using Hnv.Model.Resources;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hnv.Api.Manifests;

/// <summary>
/// Writes manifests: what <see cref="ManifestReader"/> reads back as the same. Text that any YAML reader could take for something else
/// (numbers, yes and no, times of day and dates of YAML 1.1) is quoted.
/// </summary>
public static partial class ManifestWriter
{
    /// <summary>Resources as YAML, one document each.</summary>
    public static string ToYaml(params IEnumerable<Resource> resources) => ToYaml(resources.Select(ResourceJson.ToElement));

    /// <summary>JSON values as YAML, one document each.</summary>
    public static string ToYaml(IEnumerable<JsonElement> documents)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        Write(writer, documents);
        return writer.ToString();
    }

    /// <summary>JSON values as YAML, one document each, with <c>---</c> between them.</summary>
    public static void Write(TextWriter output, IEnumerable<JsonElement> documents)
    {
        bool first = true;
        foreach (JsonElement document in documents)
        {
            if (!first)
            {
                output.Write("---\n");
            }

            first = false;

            // One emitter a document: between documents it would write "..." where none is needed.
            using var text = new StringWriter { NewLine = "\n" };
            var emitter = new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
            emitter.Emit(new StreamStart());
            emitter.Emit(new DocumentStart(null, null, isImplicit: true));
            Emit(emitter, document, flow: false);
            emitter.Emit(new DocumentEnd(isImplicit: true));
            emitter.Emit(new StreamEnd());
            output.Write(text.ToString().TrimEnd('\n').Replace("\r\n", "\n", StringComparison.Ordinal));
            output.Write('\n');
        }
    }

    private static void Emit(Emitter emitter, JsonElement value, bool flow)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                bool empty = !value.EnumerateObject().Any();
                emitter.Emit(new MappingStart(null, null, isImplicit: true, flow || empty ? MappingStyle.Flow : MappingStyle.Block));
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    EmitText(emitter, property.Name);
                    Emit(emitter, property.Value, flow);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                // Lists of values in one line, lists of objects one below the other.
                bool inline = flow || value.EnumerateArray().All(static i => i.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array));
                emitter.Emit(new SequenceStart(null, null, isImplicit: true, inline ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Emit(emitter, item, inline);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                EmitText(emitter, value.GetString()!);
                break;
            default:
                emitter.Emit(new Scalar(null, null, value.GetRawText(), ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));
                break;
        }
    }

    private static void EmitText(Emitter emitter, string text)
    {
        bool plain = CoreSchema.ToJson(text) is null && (Word().IsMatch(text) || Mac().IsMatch(text)) && !Yaml11().IsMatch(text);
        emitter.Emit(new Scalar(null, null, text, plain ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted, plain, !plain));
    }

    [GeneratedRegex(@"^[A-Za-z0-9/]([A-Za-z0-9._/-]*[A-Za-z0-9_/])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Word();

    [GeneratedRegex(@"^[0-9a-f]{2}(:[0-9a-f]{2}){5}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Mac();

    /// <summary>What YAML 1.1 readers take for something else: truth values, numbers with underscores or to base 2 and 60, dates.</summary>
    [GeneratedRegex(
        @"^([yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|[-+]?[0-9][0-9_]*(\.[0-9_]*)?|0b[01_]+|0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|\.?(inf|nan)|[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Yaml11();
}
