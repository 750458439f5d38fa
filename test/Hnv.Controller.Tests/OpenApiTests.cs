using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Hnv.Api;
using Hnv.Api.Client;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Identity;
using Hnv.Model;
using Hnv.Model.Resources;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>The description of the API: whole, valid, and its examples are what the controller takes and gives.</summary>
public sealed class OpenApiTests
{
    private const string Description = "/openapi/v1.json";

    private static readonly JsonSerializerOptions s_strict = new(HnvJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    [Fact]
    public async Task Description_IsValidOpenApi()
    {
        await using TestController c = await StartAsync();
        ReadResult read = OpenApiDocument.Parse(await TextAsync(c.Address), OpenApiConstants.Json);

        Assert.NotNull(read.Document);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic!.SpecificationVersion);
        Assert.Empty(read.Diagnostic.Errors.Select(static e => $"{e.Pointer}: {e.Message}"));
        Assert.Empty(read.Document.Validate(ValidationRuleSet.GetDefaultRuleSet()).Select(static e => $"{e.Pointer}: {e.Message}"));
    }

    [Fact]
    public async Task Every_operation_has_a_sentence_its_parameters_and_examples_of_all_that_goes_over_the_wire()
    {
        await using TestController c = await StartAsync();
        var missing = new List<string>();
        HashSet<string> names = [];
        foreach ((string operation, JsonElement o) in Operations(Json(await TextAsync(c.Address))))
        {
            void Demand(bool there, string what)
            {
                if (!there)
                {
                    missing.Add($"{operation}: {what}");
                }
            }

            Demand(o.GetProperty("summary").GetString() is { Length: > 10 }, "summary");
            Demand(names.Add(o.GetProperty("operationId").GetString()!), "an operationId of its own");
            string[] declared = [.. Parameters(o).Where(static p => p.GetProperty("in").GetString() == "path").Select(static p => p.GetProperty("name").GetString()!)];
            Demand(declared.SequenceEqual(operation.Split('{').Skip(1).Select(static s => s.Split('}')[0])), "its path's parameters, in order");
            Demand(Parameters(o).Where(static p => p.GetProperty("in").GetString() == "path").All(static p => p.TryGetProperty("example", out _)), "examples of its path's parameters");
            foreach (JsonProperty content in o.TryGetProperty("requestBody", out JsonElement body) ? [.. body.GetProperty("content").EnumerateObject()] : Array.Empty<JsonProperty>())
            {
                Demand(content.Value.TryGetProperty("example", out _), $"request {content.Name}");
            }

            foreach (JsonProperty response in o.GetProperty("responses").EnumerateObject())
            {
                foreach (JsonProperty content in response.Value.TryGetProperty("content", out JsonElement all) ? [.. all.EnumerateObject()] : Array.Empty<JsonProperty>())
                {
                    Demand(content.Value.TryGetProperty("example", out _), $"response {response.Name} {content.Name}");
                }
            }

            Demand(o.GetProperty("responses").TryGetProperty("400", out JsonElement wrong) && wrong.GetProperty("content").TryGetProperty(HnvProblem.ContentType, out _), "problem details");
        }

        Assert.Empty(missing);
        Assert.True(names.Count > 50);
    }

    [Fact]
    public async Task Every_example_of_an_answer_is_of_the_type_that_the_endpoint_declares()
    {
        await using TestController c = await StartAsync();
        var operations = Operations(Json(await TextAsync(c.Address))).ToDictionary(static o => o.Operation, static o => o.Description, StringComparer.Ordinal);
        int read = 0;
        foreach (RouteEndpoint endpoint in c.Running.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string operation = $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods[0]} {endpoint.RoutePattern.RawText}";
            if (!operations.TryGetValue(operation, out JsonElement description))
            {
                Assert.Equal("GET /openapi/{documentName}.json", operation);
                continue;
            }

            foreach (IProducesResponseTypeMetadata produces in endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Where(static p => p.ContentTypes.Any()))
            {
                JsonElement contents = description.GetProperty("responses").GetProperty(produces.StatusCode.ToString()).GetProperty("content");
                foreach (JsonProperty content in contents.EnumerateObject())
                {
                    JsonElement example = content.Value.GetProperty("example");
                    string? wrong = Wrong(example, content.Name, produces.Type!);
                    Assert.True(wrong is null, $"{operation} {produces.StatusCode} {content.Name}: {wrong}");
                    read++;
                }
            }
        }

        Assert.True(read > 200, $"{read} examples were read");
    }

    /// <summary>Of objects their names and types, to the leaves: what a client made from the description can say and read.</summary>
    [Fact]
    public async Task Every_example_is_what_its_schema_says()
    {
        await using TestController c = await StartAsync();
        JsonElement document = Json(await TextAsync(c.Address));
        int read = 0;
        foreach ((string operation, JsonElement o) in Operations(document))
        {
            IEnumerable<JsonElement> bodies = o.GetProperty("responses").EnumerateObject().Select(static r => r.Value).Concat(o.TryGetProperty("requestBody", out JsonElement body) ? [body] : []);
            foreach (JsonElement content in bodies.SelectMany(static b => b.TryGetProperty("content", out JsonElement all) ? all.EnumerateObject().Where(static a => a.Name.EndsWith("json", StringComparison.Ordinal)) : []).Select(static a => a.Value))
            {
                JsonElement schema = content.GetProperty("schema");
                string? wrong = Mismatch(document, schema, content.GetProperty("example"), "");
                Assert.True(wrong is null, $"{operation}: {wrong}, by {schema}");
                read++;
            }
        }

        Assert.True(read > 200, $"{read} examples were read");
    }

    /// <summary>What is written of each kind has a schema of its own, field by field.</summary>
    [Fact]
    public async Task Every_kind_has_a_schema_with_the_fields_of_its_reader()
    {
        await using TestController c = await StartAsync();
        JsonElement schemas = Json(await TextAsync(c.Address)).GetProperty("components").GetProperty("schemas");
        JsonElement subnet = schemas.GetProperty("VmNetwork").GetProperty("properties").GetProperty("subnets").GetProperty("items");
        Assert.Equal(["vsid", "prefixes"], subnet.GetProperty("required").EnumerateArray().Select(static f => f.GetString()));
        Assert.Equal(["none", "unicast", "multicast"], subnet.GetProperty("properties").GetProperty("flooding").GetProperty("enum").EnumerateArray().Select(static f => f.GetString()));
        Assert.Equal(4096, subnet.GetProperty("properties").GetProperty("vsid").GetProperty("minimum").GetInt32());
        Assert.True(schemas.GetProperty("Port").GetProperty("properties").TryGetProperty("learningSources", out JsonElement sources));
        Assert.Equal("array", sources.GetProperty("type").GetString());
        Assert.Equal(2, schemas.GetProperty("Host").GetProperty("properties").GetProperty("providerAddresses").GetProperty("items").GetProperty("oneOf").GetArrayLength());
        Assert.Equal(
            Enum.GetNames<ResourceKind>().Select(static k => $"#/components/schemas/{k}"),
            schemas.GetProperty("ApplyRequest").GetProperty("properties").GetProperty("documents").GetProperty("items").GetProperty("oneOf").EnumerateArray().Select(static s => s.GetProperty("$ref").GetString()));
    }

    private static string? Mismatch(JsonElement document, JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            return Mismatch(document, document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]), value, at);
        }

        foreach (string choice in new[] { "oneOf", "anyOf" })
        {
            if (schema.TryGetProperty(choice, out JsonElement choices))
            {
                string?[] wrong = [.. choices.EnumerateArray().Select(s => Mismatch(document, s, value, at))];
                return wrong.Contains(null) ? null : string.Join(" and ", wrong);
            }
        }

        string is_ = value.ValueKind switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
            JsonValueKind.Null => "null",
            _ => "boolean",
        };
        if (schema.TryGetProperty("type", out JsonElement type)
            && !(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(static t => t.GetString()) : [type.GetString()]).Any(t => t == is_ || (t == "number" && is_ == "integer")))
        {
            return $"{at} is {is_} and not {type}";
        }

        if ((schema.TryGetProperty("const", out JsonElement one) && one.ToString() != value.ToString())
            || (schema.TryGetProperty("enum", out JsonElement words) && words.EnumerateArray().All(w => w.ToString() != value.ToString())))
        {
            return $"{at} is {value}";
        }

        if (is_ == "array")
        {
            return schema.TryGetProperty("items", out JsonElement items)
                ? value.EnumerateArray().Select((v, i) => Mismatch(document, items, v, $"{at}/{i}")).FirstOrDefault(static w => w is not null)
                : type.ValueKind == JsonValueKind.Undefined ? null : $"{at} is a list of nobody knows what";
        }

        if (is_ != "object" || !schema.TryGetProperty("properties", out JsonElement properties))
        {
            return null;
        }

        string? missing = schema.TryGetProperty("required", out JsonElement required) ? required.EnumerateArray().Select(static r => r.GetString()!).FirstOrDefault(r => !value.TryGetProperty(r, out _)) : null;
        return missing is not null ? $"{at}/{missing} is missing"
            : value.EnumerateObject().Select(p => properties.TryGetProperty(p.Name, out JsonElement property) ? Mismatch(document, property, p.Value, $"{at}/{p.Name}") : $"{at}/{p.Name} is not in it")
                .FirstOrDefault(static w => w is not null);
    }

    /// <summary>A cloud is made of the examples, in the order in which they fit together, and taken apart again.</summary>
    [Fact]
    public async Task Every_example_of_a_request_is_accepted()
    {
        await using TlsCloud cloud = await TlsCloud.StartAsync();
        using HttpClient http = HttpOf(cloud);
        var operations = Operations(Json(await http.GetStringAsync(new Uri(Description, UriKind.Relative), Cancelled))).ToDictionary(static o => o.Operation, static o => o.Description, StringComparer.Ordinal);
        var done = new HashSet<string>();

        await DoAsync("POST /api/v1/apply");
        foreach (string put in operations.Keys.Where(static o => o.StartsWith("PUT ", StringComparison.Ordinal)))
        {
            await DoAsync(put);
        }

        // A host that is there: it opens its stream, and answers what it is asked.
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled))
        {
            using HttpResponseMessage stream = await SendAsync("GET /api/v1/hosts/{host}/policy", "GET", streams: true);
            Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
            done.Add("GET /api/v1/hosts/{host}/policy");
            using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancelled));
            Task question = DoAsync("GET /api/v1/hosts/{host}/kernel/{query}");
            QueryMessage? asked = null;
            while (asked is null)
            {
                asked = JsonSerializer.Deserialize<PolicyMessage>((await lines.ReadLineAsync(Cancelled))!, HnvJson.Options) as QueryMessage;
            }

            await DoAsync("POST /api/v1/hosts/{host}/answers/{id}", path: p => p.Replace("/answers/7", $"/answers/{asked.Id}", StringComparison.Ordinal));
            await question;
            await stop.CancelAsync();
        }

        // Tokens are made for once; the rest of the request is the example's.
        string token = (await DoAsync("POST /api/v1/hosts/{host}/enrollments")).GetProperty("token").GetString()!;
        await DoAsync("POST /api/v1/enroll", body: b => b["token"] = token);
        await DoAsync("POST /api/v1/hosts/{host}/reports");
        await DoAsync("POST /api/v1/hosts/{host}/learned");
        await DoAsync("POST /api/v1/tenants/{tenant}/ports/{name}/migrate");
        await DoAsync("POST /api/v1/tenants/{tenant}/ports/{name}/cancel");
        await DoAsync("POST /api/v1/tenants/{tenant}/ports/{name}/activate");
        await HearAsync(cloud);
        await DoAsync("DELETE /api/v1/tenants/{tenant}/virtualsubnets/{vsid}/learned/{address}");
        foreach (string operation in operations.Keys.Where(o => !done.Contains(o) && !o.StartsWith("DELETE ", StringComparison.Ordinal) && !o.EndsWith("/delete", StringComparison.Ordinal)))
        {
            await DoAsync(operation);
        }

        await DoAsync("POST /api/v1/delete");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("POST /api/v1/apply", "POST")).StatusCode);
        foreach (string learned in operations.Keys.Where(o => !done.Contains(o) && o.EndsWith("/learned", StringComparison.Ordinal)))
        {
            await DoAsync(learned);
        }

        // What others need goes last.
        string[] order = ["lookuprecords", "ports", "vmnetworks", "providerendpoints", "hosts", "tenants"];
        await cloud.Admin.DeleteAsync(new ResourceId(ResourceKind.Port, "blue-corp", "blue2"), cancellationToken: Cancelled);
        foreach (string delete in operations.Keys.Where(o => !done.Contains(o)).OrderBy(o => Array.FindIndex(order, k => o.Split('/')[^2] == k)))
        {
            await DoAsync(delete);
        }

        Assert.Equal(operations.Keys.Order(StringComparer.Ordinal), done.Order(StringComparer.Ordinal));

        async Task<JsonElement> DoAsync(string operation, Func<string, string>? path = null, Action<JsonObject>? body = null)
        {
            done.Add(operation);
            using HttpResponseMessage response = await SendAsync(operation, operation.Split(' ')[0], path, body);
            string answer = await response.Content.ReadAsStringAsync(Cancelled);
            Assert.True(response.IsSuccessStatusCode, $"{operation}: {(int)response.StatusCode} {answer}");

            // What it answers is declared, and has what the example has.
            JsonElement declared = operations[operation].GetProperty("responses").GetProperty(((int)response.StatusCode).ToString());
            if (response.Content.Headers.ContentType?.MediaType != "application/json")
            {
                return default;
            }

            JsonElement example = declared.GetProperty("content").GetProperty("application/json").GetProperty("example"), got = Json(answer);
            Assert.Equal(example.ValueKind, got.ValueKind);
            if (got.ValueKind == JsonValueKind.Object)
            {
                Assert.Subset((HashSet<string>)[.. example.EnumerateObject().Select(static p => p.Name), "leases", "set", "status", "migratingTo", "changes", "route", "nextHop", "record", "vsid", "mac", "providerAddress"], new HashSet<string>(got.EnumerateObject().Select(static p => p.Name)));
            }

            return got;
        }

        async Task<HttpResponseMessage> SendAsync(string operation, string method, Func<string, string>? path = null, Action<JsonObject>? body = null, bool streams = false)
        {
            JsonElement description = operations[operation];
            string target = operation.Split(' ')[1];
            var query = new List<string>();
            foreach (JsonElement parameter in Parameters(description).Where(static p => p.TryGetProperty("example", out _)))
            {
                (string name, string value) = (parameter.GetProperty("name").GetString()!, parameter.GetProperty("example").ToString());
                if (parameter.GetProperty("in").GetString() == "path")
                {
                    target = target.Replace($"{{{name}}}", value, StringComparison.Ordinal);
                }
                else if (streams || (parameter.TryGetProperty("required", out JsonElement required) && required.GetBoolean()))
                {
                    query.Add($"{name}={value}");
                }
            }

            target = path?.Invoke(target) ?? target;
            using var request = new HttpRequestMessage(new HttpMethod(method), target + (query.Count == 0 ? string.Empty : "?" + string.Join('&', query)));
            if (description.TryGetProperty("requestBody", out JsonElement requestBody))
            {
                JsonNode example = JsonNode.Parse(requestBody.GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText())!;
                if (example is JsonObject fields)
                {
                    body?.Invoke(fields);
                }

                request.Content = new StringContent(example.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            }

            return await http.SendAsync(request, streams ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead, Cancelled);
        }
    }

    /// <summary>The address of the examples is learned: there is something to forget.</summary>
    private static async Task HearAsync(TlsCloud cloud)
    {
        var port = Json((await cloud.Admin.GetAsync(new ResourceId(ResourceKind.Port, "blue-corp", "blue2"), Cancelled))!.Value.GetRawText());
        var network = (await cloud.Admin.GetAsync(new ResourceId(ResourceKind.VmNetwork, "blue-corp", "blue"), Cancelled))!.Value;
        await new PolicyStreamClient(cloud.Admin, "host2").LearnedAsync(
            new Api.Reports.LearnedReport(
                PolicyProtocol.Version, 1, 1, true,
                [
                    new(
                        Guid.Parse(network.GetProperty("routingDomainId").GetString()!),
                        [new(5001, IPAddress.Parse("10.0.0.80"), Model.Addressing.MacAddress.Parse(port.GetProperty("mac").GetString()!), "blue-corp/blue2", Api.Reports.AddressSource.Arp, DateTimeOffset.UnixEpoch, 0, 1)],
                        [], LearnedSection.Complete),
                ],
                []),
            Cancelled);
    }

    private static string? Wrong(JsonElement example, string contentType, Type type)
    {
        try
        {
            switch (contentType)
            {
                case "text/plain":
                    return example.GetString() is { Length: > 1 } ? null : "is empty";
                case PolicyProtocol.ContentType:
                    string[] lines = example.GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                    foreach (string line in lines)
                    {
                        _ = JsonSerializer.Deserialize(line, type == typeof(PolicyMessage) ? type : typeof(WatchEvent), s_strict);
                    }

                    return lines.Length > 1 ? null : "has no lines";
            }

            object? read = example.Deserialize(type, s_strict);
            return read switch
            {
                JsonElement resource when type == typeof(JsonElement) => NoResource(resource),
                ResourceList<JsonElement> list => list.Items.Select(NoResource).FirstOrDefault(static p => p is not null),
                null => "is null",
                _ => null,
            };
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    private static string? NoResource(JsonElement shown)
    {
        JsonObject written = JsonNode.Parse(shown.GetRawText())!.AsObject();
        Assert.True(written.Remove("revision"));
        written.Remove("status");
        var findings = new List<Finding>();
        return ResourceJson.TryRead(Json(written.ToJsonString()), new ResourceReadOptions(), out Resource? _, findings) ? null : string.Join("; ", findings);
    }

    private static IEnumerable<JsonElement> Parameters(JsonElement operation) => operation.TryGetProperty("parameters", out JsonElement parameters) ? [.. parameters.EnumerateArray()] : [];

    private static IEnumerable<(string Operation, JsonElement Description)> Operations(JsonElement description) =>
        from path in description.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value);

    private static async Task<string> TextAsync(string address)
    {
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        return await http.GetStringAsync(new Uri(Description, UriKind.Relative), Cancelled);
    }

    private static HttpClient HttpOf(TlsCloud cloud)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(
            System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(cloud.AdminCertificate, cloud.AdminKey), null, offline: true);
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(
            System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(Path.Combine(ControllerPki.DirectoryOf(cloud.DataDirectory), "ca.crt")));
        return new HttpClient(handler) { BaseAddress = new Uri(cloud.Address) };
    }
}
