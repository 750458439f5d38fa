using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>What is known of a resource before its JSON is read.</summary>
public sealed record ResourceReadOptions
{
    /// <summary>The tenant of a resource that names none.</summary>
    public string DefaultTenant { get; init; } = ResourceId.DefaultTenant;

    /// <summary>Kind, tenant and name where the path says them: the JSON may then leave them out, and must not say otherwise.</summary>
    public ResourceId? Id { get; init; }

    /// <summary>Number of the document in the request; findings carry it.</summary>
    public int? Document { get; init; }

    /// <summary>Whether it was written by <see cref="ResourceJson.Write"/>, so that it may hold what users do not write (a port's leases).</summary>
    public bool Stored { get; init; }
}

/// <summary>
/// Resources as JSON: the flat form of manifests, <c>kind</c> and <c>name</c> first. Reading is strict and finds everything that is
/// wrong with the form; whether it makes sense in the cloud is <see cref="Hnv.Model.Validation.ModelValidator"/>'s to say.
/// </summary>
public static class ResourceJson
{
    /// <summary>Reads one resource of a manifest. On false there is at least one finding.</summary>
    public static bool TryRead(
        JsonElement element, string defaultTenant, [NotNullWhen(true)] out Resource? resource, ICollection<Finding> findings) =>
        TryRead(element, new ResourceReadOptions { DefaultTenant = defaultTenant }, out resource, findings);

    /// <summary>Reads one resource. On false there is at least one finding.</summary>
    public static bool TryRead(
        JsonElement element, ResourceReadOptions options, [NotNullWhen(true)] out Resource? resource, ICollection<Finding> findings)
    {
        resource = null;
        var context = new BindingContext(NameOf(element, options), options.Document, findings);
        if (StrictObject.Open(element, "", context) is not { } fields || ReadKind(fields, options) is not { } kind)
        {
            return false;
        }

        Resource? read = ResourceReaders.Read(kind, fields, options);
        fields.Close();
        resource = context.Count == 0 ? read : null;
        return resource is not null;
    }

    /// <summary>What a resource of that kind is written with, but for its <c>kind</c>.</summary>
    public static ImmutableArray<FieldShape> FieldsOf(ResourceKind kind) => StrictObject.FieldsAskedBy(fields => ResourceReaders.Read(kind, fields, new ResourceReadOptions()));

    /// <summary>Reads JSON that <see cref="ToUtf8Bytes"/> wrote.</summary>
    /// <exception cref="FormatException">It is not such JSON.</exception>
    public static Resource FromUtf8Bytes(ReadOnlyMemory<byte> json)
    {
        List<Finding> findings = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return TryRead(document.RootElement, new ResourceReadOptions { Stored = true }, out Resource? resource, findings)
                ? resource
                : throw new FormatException($"A stored resource cannot be read: {string.Join("; ", findings)}");
        }
        catch (JsonException e)
        {
            throw new FormatException($"A stored resource is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Writes a resource with all that belongs to it; equal resources give equal bytes.</summary>
    public static byte[] ToUtf8Bytes(Resource resource) => ToUtf8Bytes(resource, stored: true);

    private static byte[] ToUtf8Bytes(Resource resource, bool stored)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = HnvJson.Encoder }))
        {
            Write(writer, resource, stored);
        }

        return stream.ToArray();
    }

    /// <summary>Writes a resource as a JSON element, as it is shown: without what a subnet remembers to have forgotten.</summary>
    public static JsonElement ToElement(Resource resource) => JsonElement.Parse(ToUtf8Bytes(resource, stored: false));

    /// <summary>Writes a pool as a JSON element, as in its subnet.</summary>
    public static JsonElement ToElement(AddressPool pool)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = HnvJson.Encoder }))
        {
            ResourceWriters.Write(writer, pool);
        }

        return JsonElement.Parse(stream.ToArray());
    }

    /// <summary>Writes a resource with all that belongs to it as an object, fields in the documented order; what is empty is left out.</summary>
    public static void Write(Utf8JsonWriter writer, Resource resource) => Write(writer, resource, stored: true);

    private static void Write(Utf8JsonWriter writer, Resource resource, bool stored)
    {
        writer.WriteStartObject();
        ResourceWriters.WriteFields(writer, resource, stored);
        writer.WriteEndObject();
    }

    /// <summary>As people would name what they wrote, before anything of it is checked.</summary>
    private static string NameOf(JsonElement element, ResourceReadOptions options)
    {
        if (options.Id is { } id)
        {
            return id.ToString();
        }

        string? kind = Peek(element, "kind");
        string? name = Peek(element, "name");
        if (kind is null)
        {
            return options.Document is { } number ? $"document {number + 1}" : "document";
        }

        if (name is null)
        {
            return Shorten(kind);
        }

        return ResourceKinds.OfManifest(kind) is { } known
            ? new ResourceId(known, ResourceId.IsTenantScoped(known) ? Shorten(Peek(element, "tenant") ?? options.DefaultTenant) : null, Shorten(name)).ToString()
            : $"{Shorten(kind)} {Shorten(name)}";
    }

    private static string? Peek(JsonElement element, string field)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (StrictObject.TryGetName(property, out string? name) && name == field
                && StrictObject.TryGetText(property.Value, out string? text) && text.Length > 0)
            {
                return text;
            }
        }

        return null;
    }

    private static string Shorten(string text) => BindingContext.Quote(text)[1..^1];

    private static ResourceKind? ReadKind(StrictObject fields, ResourceReadOptions options)
    {
        string? text = fields.Text("kind", required: options.Id is null);
        if (text is null)
        {
            return options.Id?.Kind;
        }

        if (ResourceKinds.OfManifest(text) is not { } kind)
        {
            string? nearest = ResourceKinds.Nearest(text);
            if (ResourceKinds.IsLab(text))
            {
                fields.Add("kind", $"{text} is for `hnv lab`, not for the controller", "use the file with `hnv lab up FILE`");
            }
            else if (ResourceKinds.TryFind(text, out KindInfo other))
            {
                fields.Add("kind", $"{BindingContext.Quote(text)} is not a kind of manifests", other.IsView ? $"a {other.Name} is read only: it follows from what owns it" : $"write {other.Name}");
            }
            else
            {
                string kinds = string.Join(", ", ResourceKinds.All.Where(static k => !k.IsView).Select(static k => k.Name));
                fields.Add("kind", $"{BindingContext.Quote(text)} is not a kind", nearest is null ? $"the kinds are {kinds}" : $"did you mean '{nearest}'?");
            }

            return null;
        }

        if (options.Id is { } id && id.Kind != kind)
        {
            fields.Add("kind", $"is {kind}, and the path says {id.Kind}", "make them the same, or leave the field out");
        }

        return options.Id?.Kind ?? kind;
    }
}
