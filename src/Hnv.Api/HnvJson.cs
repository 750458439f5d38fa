using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Hnv.Model.Addressing;

namespace Hnv.Api;

/// <summary>The JSON of every interface of the project: camel case, enumerations as words, addresses as text, absent instead of null.</summary>
public static class HnvJson
{
    private static readonly Lazy<JsonSerializerOptions> s_options = new(static () => Create(indented: false));
    private static readonly Lazy<JsonSerializerOptions> s_indented = new(static () => Create(indented: true));

    /// <summary>Shared, read-only options; made on first use, which is slow.</summary>
    public static JsonSerializerOptions Options => s_options.Value;

    /// <summary>The same, indented for people.</summary>
    public static JsonSerializerOptions Indented => s_indented.Value;

    /// <summary>Escapes what JSON must escape, and no more.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private static JsonSerializerOptions Create(bool indented)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = indented,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            NumberHandling = JsonNumberHandling.Strict,
            Encoder = Encoder,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LetNullsBeAbsent } },
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new TextConverter<IPAddress>(IPAddress.Parse, a => a.ToString()));
        options.Converters.Add(new TextConverter<IPNetwork>(s => IPNetwork.Parse(s), n => n.ToString()));
        options.Converters.Add(new TextConverter<MacAddress>(MacAddress.Parse, m => m.ToString()));
        options.MakeReadOnly();
        return options;
    }

    /// <summary>What is null is not written, so what may be null must not be required when reading.</summary>
    private static void LetNullsBeAbsent(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.AssociatedParameter is { IsNullable: true })
            {
                property.IsRequired = false;
            }
        }
    }

    private sealed class TextConverter<T>(Func<string, T> parse, Func<T, string> format) : JsonConverter<T>
        where T : notnull
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            string text = reader.GetString() ?? throw new JsonException($"A {typeof(T).Name} is expected as text.");
            try
            {
                return parse(text);
            }
            catch (FormatException e)
            {
                throw new JsonException(e.Message, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(format(value));
    }
}
