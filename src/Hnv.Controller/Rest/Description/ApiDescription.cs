using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Hnv.Controller.Rest.Description;

/// <summary><c>/openapi/v1.json</c>: what the endpoints declare, completed by what their handlers read themselves, and by examples.</summary>
internal static class ApiDescription
{
    private const string PlainText = "text/plain";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "HNV for Linux: controller";
            document.Info.Version = "v1";
            document.Info.Description =
                "Objects are shown as manifests write them, with `revision`, `set` and `status` added. Lists become streams of changes with `watch=true`, a JSON object a line. "
                + "Errors are problem details (RFC 9457) with all findings.";
            ResourceSchemas.AddTo(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            Complete(operation, context.Description);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer(static async (schema, context, cancellationToken) =>
        {
            // Nor does it look into lists of its own accord, where they are ImmutableArrays of what has a converter.
            if (schema is { Type: { } list, Items: null } && list.HasFlag(JsonSchemaType.Array) && context.JsonTypeInfo.ElementType is { } element)
            {
                schema.Items = await context.GetOrCreateSchemaAsync(element, null, cancellationToken);
            }

            // What is null, or left out where it says nothing, is not in the JSON.
            foreach (JsonPropertyInfo property in context.JsonTypeInfo.Properties.Where(static p => p.IsGetNullable || p.ShouldSerialize is not null))
            {
                schema.Required?.Remove(property.Name);
            }

            // These have converters, which the generator cannot look into.
            (string? pattern, string? example) = context.JsonTypeInfo.Type switch
            {
                var t when t == typeof(IPAddress) => (null, "10.0.0.5"),
                var t when t == typeof(IPNetwork) => (null, "10.0.0.0/24"),
                var t when t == typeof(MacAddress) => ("^([0-9a-f]{2}:){5}[0-9a-f]{2}$", "06:06:00:00:00:05"),
                _ => ((string?)null, (string?)null),
            };
            if (example is not null)
            {
                (schema.Type, schema.Pattern, schema.Examples) = (JsonSchemaType.String, pattern, [example]);
            }
        });
    }

    private static void Complete(OpenApiOperation operation, Microsoft.AspNetCore.Mvc.ApiExplorer.ApiDescription description)
    {
        string path = "/" + description.RelativePath, method = description.HttpMethod!;
        string[] words = path.Replace("api/v1/", string.Empty, StringComparison.Ordinal).Split(['/', '{', '}', '-'], StringSplitOptions.RemoveEmptyEntries);
        operation.OperationId = method.ToLowerInvariant() + string.Concat(words.Select(static w => char.ToUpperInvariant(w[0]) + w[1..]));
        AddParameters(operation, path, method);
        OperationExamples examples = ApiExamples.Of($"{method} {path}") ?? new();
        foreach ((string type, OpenApiMediaType content) in operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal))
        {
            content.Example = type == HnvProblem.ContentType ? Node(ProblemExamples.Of(StatusCodes.Status502BadGateway)) : Node(examples.Request);
        }

        foreach ((string status, IOpenApiResponse response) in operation.Responses ?? [])
        {
            if (examples.Stream is not null && status == "200" && response is OpenApiResponse streamed)
            {
                streamed.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
                streamed.Content.TryAdd(PolicyProtocol.ContentType, new OpenApiMediaType());
            }

            foreach ((string type, OpenApiMediaType content) in response.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal))
            {
                content.Example = type switch
                {
                    HnvProblem.ContentType => Node(ProblemExamples.Of(int.Parse(status, System.Globalization.CultureInfo.InvariantCulture))),
                    PolicyProtocol.ContentType => string.Concat(examples.Stream!.Select(static l => Line(l) + "\n")),
                    PlainText => (string?)examples.Response,
                    _ => Node(examples.Response),
                };
            }
        }
    }

    /// <summary>A message of a stream says its type only as the message that it is one of.</summary>
    private static string Line(object line) => line is PolicyMessage message ? JsonSerializer.Serialize(message, HnvJson.Options) : JsonSerializer.Serialize(line, line.GetType(), HnvJson.Options);

    /// <summary>Those that handlers take from the request themselves, and examples for all.</summary>
    private static void AddParameters(OpenApiOperation operation, string path, string method)
    {
        operation.Parameters ??= [];
        int at = 0;
        foreach (string name in path.Split('{').Skip(1).Select(static s => s.Split('}')[0]))
        {
            if (!operation.Parameters.Any(p => p.In == ParameterLocation.Path && p.Name == name))
            {
                operation.Parameters.Insert(at, new OpenApiParameter { Name = name, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }

            at++;
        }

        bool isResource = IsOfResources(path);
        if (isResource && method == "GET" && path[^1] != '}')
        {
            Add("watch", ParameterLocation.Query, JsonSchemaType.Boolean, "A stream of changes instead of the list.");
            Add("revision", ParameterLocation.Query, JsonSchemaType.Integer, "With watch: that of the list; changes after it are told. 410: list again.");
        }
        else if (isResource && method is "PUT" or "DELETE" && path[^1] == '}')
        {
            Add("If-Match", ParameterLocation.Header, JsonSchemaType.String, "The revision that the object must have, as the ETag said it: \"42\".");
            if (method == "PUT")
            {
                Add("If-None-Match", ParameterLocation.Header, JsonSchemaType.String, "*: the object must not exist.");
            }
        }

        foreach (OpenApiParameter parameter in operation.Parameters.OfType<OpenApiParameter>().Where(static p => p.In != ParameterLocation.Header))
        {
            parameter.Example ??= ApiExamples.Parameter(path, parameter.Name!) is { } text
                ? parameter.Schema?.Type is { } type && type.HasFlag(JsonSchemaType.Integer) ? JsonValue.Create(long.Parse(text, System.Globalization.CultureInfo.InvariantCulture)) : text
                : null;
        }

        void Add(string name, ParameterLocation place, JsonSchemaType type, string words) =>
            operation.Parameters!.Add(new OpenApiParameter { Name = name, In = place, Description = words, Schema = new OpenApiSchema { Type = type } });
    }

    /// <summary>Whether the path leads to the objects of a kind that is written, or to one of them.</summary>
    private static bool IsOfResources(string path)
    {
        string[] segments = path.Split('/');
        string kind = segments[^1].StartsWith('{') ? segments[^2] : segments[^1];
        return Enum.GetValues<Model.Resources.ResourceKind>().Any(k => RestPaths.Segment(k) == kind);
    }

    private static JsonNode? Node(object? example) => example is null ? null : JsonSerializer.SerializeToNode(example, example.GetType(), HnvJson.Options);
}
