using System.Globalization;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Model.Resources;
using Microsoft.OpenApi;

namespace Hnv.Controller.Rest.Description;

/// <summary>
/// Schemas of the objects that are written and shown, made of what their readers ask for: as in a manifest. PUT takes an object without what its path says.
/// </summary>
internal static class ResourceSchemas
{
    private const string ListPrefix = "ResourceListOf", Untyped = "JsonElement";

    /// <summary>Adds them, and puts them where the generator knew of a JSON value only.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        IDictionary<string, IOpenApiSchema> schemas = document.Components!.Schemas!;
        IOpenApiSchema list = schemas[ListPrefix + Untyped];
        foreach (ResourceKind kind in Enum.GetValues<ResourceKind>())
        {
            schemas[kind.ToString()] = Of(kind);
            var properties = new Dictionary<string, IOpenApiSchema>(list.Properties!, StringComparer.Ordinal)
            {
                ["items"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference(kind.ToString(), document) },
            };
            schemas[ListPrefix + kind] = new OpenApiSchema { Type = JsonSchemaType.Object, Properties = properties, Required = list.Required };
            foreach ((string path, IOpenApiPathItem item) in document.Paths)
            {
                string[] segments = path.Split('/');
                bool isList = segments[^1] == RestPaths.Segment(kind), isObject = segments[^1].StartsWith('{') && segments[^2] == RestPaths.Segment(kind);
                foreach (OpenApiMediaType content in isList || isObject ? Contents(item) : [])
                {
                    content.Schema = content.Schema is OpenApiSchemaReference { Reference.Id: Untyped } ? new OpenApiSchemaReference(kind.ToString(), document)
                        : content.Schema is OpenApiSchemaReference { Reference.Id: ListPrefix + Untyped } ? new OpenApiSchemaReference(ListPrefix + kind, document)
                        : content.Schema;
                }
            }
        }

        schemas.Remove(ListPrefix + Untyped);
        schemas["ApplyRequest"] = Documents(new OpenApiSchema { OneOf = [.. Enum.GetValues<ResourceKind>().Select(k => new OpenApiSchemaReference(k.ToString(), document))] });

        // The same type, of which deleting takes no more than what says which object it is.
        schemas["DeleteRequest"] = Documents(new OpenApiSchema { Type = JsonSchemaType.Object, Required = new HashSet<string>(StringComparer.Ordinal) { "kind" } });
        foreach (OpenApiMediaType content in Contents(document.Paths["/api/v1/delete"]).Where(static c => c.Schema is OpenApiSchemaReference { Reference.Id: "ApplyRequest" }))
        {
            content.Schema = new OpenApiSchemaReference("DeleteRequest", document);
        }
    }

    private static OpenApiSchema Documents(OpenApiSchema of) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string>(StringComparer.Ordinal) { "documents" },
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal) { ["documents"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = of } },
    };

    private static IEnumerable<OpenApiMediaType> Contents(IOpenApiPathItem item) => item.Operations!.Values.SelectMany(static o =>
        (o.RequestBody?.Content?.Values ?? []).Concat((o.Responses ?? []).Values.SelectMany(static r => r.Content?.Values ?? [])));

    private static OpenApiSchema Of(ResourceKind kind)
    {
        OpenApiSchema schema = Object(ResourceJson.FieldsOf(kind));
        schema.Properties!["kind"] = new OpenApiSchema { Type = JsonSchemaType.String, Const = kind.ToString() };
        schema.Required!.Add("kind");
        schema.Properties["revision"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", ReadOnly = true, Description = "Of its last change." };
        schema.Properties["set"] = new OpenApiSchema { Type = JsonSchemaType.String, ReadOnly = true, Description = "That it was applied with." };
        schema.Properties["status"] = new OpenApiSchema { Type = JsonSchemaType.Object, ReadOnly = true, Description = "What hosts say of it, and conditions." };
        if (kind == ResourceKind.Port)
        {
            schema.Properties["leases"] = new OpenApiSchema { Type = JsonSchemaType.Array, ReadOnly = true, Items = Text("10.0.0.50"), Description = "From its subnet's pool." };
        }

        return schema;
    }

    private static OpenApiSchema Object(IEnumerable<FieldShape> fields)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal),
            Required = new HashSet<string>(StringComparer.Ordinal),
        };
        foreach (FieldShape field in fields)
        {
            OpenApiSchema value = Value(field);
            schema.Properties[field.Name] = field.IsList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value;
            if (field.Required)
            {
                schema.Required.Add(field.Name);
            }
        }

        return schema;
    }

    private static OpenApiSchema Value(FieldShape field) => field.Form switch
    {
        FieldForm.Text => Text(),
        FieldForm.Number => new OpenApiSchema
        {
            Type = JsonSchemaType.Integer, Minimum = field.Range.Min.ToString(CultureInfo.InvariantCulture), Maximum = field.Range.Max.ToString(CultureInfo.InvariantCulture),
        },
        FieldForm.Flag => new OpenApiSchema { Type = JsonSchemaType.Boolean },
        FieldForm.Word => new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. field.Words] },
        FieldForm.Address => Text("10.0.0.5"),
        FieldForm.AddressRange => Text("10.0.0.50-10.0.0.99"),
        FieldForm.Prefix => Text("10.0.0.0/24"),
        FieldForm.InterfaceAddress => Text("192.168.4.11/24"),
        FieldForm.Mac => Text("06:06:00:00:00:05"),
        FieldForm.Identifier => Text("{11111111-2222-3333-4444-000000005001}"),
        FieldForm.Object => Object(field.Fields),
        FieldForm.AddressOrObject => new OpenApiSchema { OneOf = [Text("10.0.0.5"), Object(field.Fields)] },
        _ => throw new ArgumentOutOfRangeException(nameof(field), field.Form, "no such form"),
    };

    private static OpenApiSchema Text(string? example = null) => new() { Type = JsonSchemaType.String, Examples = example is null ? null : [example] };
}
