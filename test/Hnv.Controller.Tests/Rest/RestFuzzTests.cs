using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.Fuzzing;

namespace Hnv.Controller.Tests.Rest;

/// <summary>
/// Every operation that the OpenAPI document names, with hostile paths, queries, types and bodies: each is answered, none with a failure of the
/// controller's own, and every refusal says in problem details what was wrong. The corpus is kept in the tree; what once broke goes there.
/// </summary>
public sealed class RestFuzzTests
{
    private const int InTheGate = 3_000, Soak = 300_000;

    private static readonly Corpus s_files = new("Rest/corpus");

    private static readonly Dictionary<string, byte[]> s_corpus = s_files.Names.ToDictionary(static n => Path.GetFileNameWithoutExtension(n), s_files.Read, StringComparer.Ordinal);

    private static readonly string[] s_segments =
    [
        "blue-corp", "blue", "host1", "host2", "p1", "5001", "10.0.0.3", "records", "status", "..", "%", "%00", "a/b", "a%2fb", "é", "\ud83d\ude00", "'", "\"", " ", "-1", "0",
        "4294967296", "99999999999999999999", "::1", "10.0.0.0/8", "{x}", "*", new string('a', 300), "null", "true",
    ];

    private static readonly string[] s_types = ["application/json", "application/json; charset=utf-16", "text/plain", "application/problem+json", "multipart/form-data", "application/x-www-form-urlencoded"];

    private sealed record Operation(HttpMethod Method, string Path, string[] Query, bool HasBody)
    {
        public string Name => $"{Method} {Path}";
    }

    [Fact]
    public Task EveryOperation_WhateverIsSaid_IsAnswered() => FuzzAsync(InTheGate);

    [Fact]
    [Trait("Category", "Soak")]
    public Task EveryOperation_WhateverIsSaidForLong_IsAnswered() => FuzzAsync(Soak);

    private static async Task FuzzAsync(int count)
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        await using TestController controller = await TestController.StartAsync();
        await controller.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(controller.Address) };
        Operation[] operations = await ReadOperationsAsync(http);
        Assert.True(operations.Length > 40, $"Only {operations.Length} operations are in the document.");
        var answered = new Dictionary<HttpStatusCode, int>();
        for (int i = 0; i < count; i++)
        {
            Operation operation = operations[i % operations.Length];
            using HttpRequestMessage request = Make(operation, random, out byte[]? body);
            string what = $"{operation.Name} as {request.Method} {request.RequestUri}, round {i} of seed {seed}, body {(body is null ? "none" : Encoding.UTF8.GetString(body))}";
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestController.Cancelled);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            answered[response.StatusCode] = answered.GetValueOrDefault(response.StatusCode) + 1;
            if (response.IsSuccessStatusCode)
            {
                continue; // Some go on for ever.
            }

            string text = await response.Content.ReadAsStringAsync(limit.Token);
            Assert.True((int)response.StatusCode < 500 || response.StatusCode is HttpStatusCode.GatewayTimeout or HttpStatusCode.BadGateway, $"{(int)response.StatusCode} for {what}: {text}");
            Assert.True(response.Content.Headers.ContentType?.MediaType == HnvProblem.ContentType, $"{(int)response.StatusCode} without problem details for {what}: '{text}'");
            HnvProblem problem = JsonSerializer.Deserialize<HnvProblem>(text, HnvJson.Options)!;
            Assert.True(!string.IsNullOrWhiteSpace(problem.Title), $"Nothing is said about {what}: {text}");
        }

        // A fuzzer that is always refused at the door, or never, finds nothing.
        Assert.All(new[] { HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.UnprocessableEntity }, s => Assert.Contains(s, answered.Keys));
        Assert.True(await controller.Client.IsReadyAsync(TestController.Cancelled));
        await controller.ApplyAsync(TestController.Host(9));
    }

    private static async Task<Operation[]> ReadOperationsAsync(HttpClient http)
    {
        using JsonDocument document = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json", TestController.Cancelled));
        return
        [
            .. from path in document.RootElement.GetProperty("paths").EnumerateObject()
               from method in path.Value.EnumerateObject()
               let query = method.Value.TryGetProperty("parameters", out JsonElement parameters)
                   ? parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query").Select(p => p.GetProperty("name").GetString()!).ToArray() : []
               select new Operation(HttpMethod.Parse(method.Name), path.Name, query, method.Value.TryGetProperty("requestBody", out _)),
        ];
    }

    private static HttpRequestMessage Make(Operation operation, Random random, out byte[]? body)
    {
        T Any<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

        // The first of them exist; half of all requests get that far.
        string Segment() => Uri.EscapeDataString(random.Next(2) == 0 ? s_segments[random.Next(8)] : Any(s_segments));
        string path = string.Join('/', operation.Path.Split('/').Select(s => s.StartsWith('{') ? Segment() : s));
        string query = string.Join('&', operation.Query.Append("unknown").Where(_ => random.Next(2) == 0)
            .Select(q => $"{q}={(q == "waitSeconds" ? "0" : random.Next(3) == 0 ? "true" : Segment())}"));
        var request = new HttpRequestMessage(random.Next(50) == 0 ? HttpMethod.Post : operation.Method, query.Length > 0 ? $"{path}?{query}" : path);
        body = null;
        if (operation.HasBody || random.Next(20) == 0)
        {
            string last = operation.Path.Split('/').Last(s => !s.StartsWith('{'));
            byte[] seed = random.Next(6) > 0 && s_corpus.TryGetValue(last, out byte[]? own) ? own : Any(s_corpus.Values.ToArray());
            body = Mutate(seed, random);
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(random.Next(12) == 0 ? Any(s_types) : s_types[0]);
        }

        if (random.Next(30) == 0)
        {
            request.Headers.TryAddWithoutValidation("If-Match", Segment());
        }

        return request;
    }

    /// <summary>As it is, with bytes changed, or still JSON.</summary>
    private static byte[] Mutate(byte[] seed, Random random)
    {
        byte[] result = [.. seed];
        switch (random.Next(4))
        {
            case 0:
                return result;
            case 1:
                for (int i = random.Next(1, 5); i > 0 && result.Length > 0; i--)
                {
                    result[random.Next(result.Length)] = (byte)random.Next(256);
                }

                return random.Next(4) == 0 ? result[..random.Next(result.Length + 1)] : result;
            default:
                return JsonMutator.TryMutate(seed, random, s_segments, out byte[]? json) ? json : result;
        }
    }
}
