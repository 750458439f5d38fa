using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hnv.Api.Rest;

namespace Hnv.Api.Client;

/// <summary>Requests and answers as JSON; problems as <see cref="HnvApiException"/>.</summary>
internal sealed class RestConnection(HnvClientOptions options) : IDisposable
{
    /// <summary>Longest line of a stream, bytes; a chunk of policy has some 200 KiB.</summary>
    private const int MaxLine = 16 * 1024 * 1024;

    /// <summary>The controller is asked (RFC 9110, 10.1.1) whether it takes a body of more than this, bytes; smaller ones are sent at once.</summary>
    private const int AskBeforeSending = 32 * 1024;

    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    private readonly HttpClient _http = ControllerTransport.Create(options);

    public void Dispose() => _http.Dispose();

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken, timeout);

    public Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken) =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body) }, cancellationToken);

    public Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        ReadAsync(
            request,
            body => JsonSerializer.Deserialize<T>(body, HnvJson.Options) ?? throw new HnvApiException($"The controller's answer to {request.RequestUri} is empty."),
            timeout, cancellationToken);

    /// <param name="read">Reads the answer without the serializer.</param>
    public Task<T> SendAsync<T>(HttpRequestMessage request, Func<JsonElement, T> read, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        ReadAsync(
            request,
            body =>
            {
                using JsonDocument document = JsonDocument.Parse(body);
                return read(document.RootElement);
            },
            timeout, cancellationToken);

    /// <summary>A POST of JSON that is written already.</summary>
    public static HttpRequestMessage Post(string path, byte[] body) => new(HttpMethod.Post, path) { Content = Json(body) };

    private async Task<T> ReadAsync<T>(HttpRequestMessage request, Func<byte[], T> read, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        byte[] body = await SendAsync(request, cancellationToken, timeout);
        try
        {
            return read(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new HnvApiException(
                $"The controller's answer to {request.RequestUri} is not understood; are both of one version? {e.Message}", HttpStatusCode.OK, null, e);
        }
    }

    /// <summary>The body of a successful answer.</summary>
    public async Task<byte[]> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        using HttpRequestMessage owned = request;

        // A body that the controller refuses for its size would otherwise meet a closed connection, and its answer be lost with it.
        request.Headers.ExpectContinue = request.Content?.Headers.ContentLength > AskBeforeSending;
        using IDisposable? waiting = options.Waiting?.Invoke();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout ?? options.Timeout);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(OfVersion(request), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            byte[] body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return response.IsSuccessStatusCode ? body : throw HnvApiException.From(response.StatusCode, ReadProblem(response, body));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HnvApiException($"The controller at {options.Controller} did not answer in time.", null, null, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>The lines of a streamed answer. Ends when the controller ends it.</summary>
    /// <param name="idle">Longest silence; the controller's signs of life come more often.</param>
    /// <exception cref="HnvApiException">The stream could not be opened, broke off, or fell silent.</exception>
    public async IAsyncEnumerable<string> StreamLinesAsync(
        string path, TimeSpan idle, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(idle);
        using HttpRequestMessage request = OfVersion(new HttpRequestMessage(HttpMethod.Get, path));
        using HttpResponseMessage response = await GuardAsync(
            _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token), idle, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            byte[] body = await GuardAsync(response.Content.ReadAsByteArrayAsync(limit.Token), idle, cancellationToken);
            throw HnvApiException.From(response.StatusCode, ReadProblem(response, body));
        }

        using System.IO.Stream stream = await response.Content.ReadAsStreamAsync(limit.Token);
        await using var reader = new LineReader(stream, MaxLine);
        while (true)
        {
            limit.CancelAfter(idle);
            string? line = await GuardAsync(reader.ReadLineAsync(limit.Token), idle, cancellationToken);
            if (line is null)
            {
                yield break;
            }

            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }

    /// <summary>A request with a JSON body and an If-Match header where asked for.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, object? body, long? ifRevision = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : Json(body) };
        if (ifRevision is { } revision)
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{revision}\""));
        }

        return request;
    }

    /// <summary>A request message has a version of its own, HTTP/1.1, whatever the client's default is.</summary>
    private HttpRequestMessage OfVersion(HttpRequestMessage request)
    {
        (request.Version, request.VersionPolicy) = (_http.DefaultRequestVersion, _http.DefaultVersionPolicy);
        return request;
    }

    private static ByteArrayContent Json(object body) => Json(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), HnvJson.Options));

    private static ByteArrayContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = s_json;
        return content;
    }

    private static HnvProblem? ReadProblem(HttpResponseMessage response, byte[] body)
    {
        if (response.Content.Headers.ContentType?.MediaType != HnvProblem.ContentType)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<HnvProblem>(body, HnvJson.Options);
        }
        catch (JsonException e)
        {
            return new HnvProblem { Title = $"The controller answered {(int)response.StatusCode}; its problem details are not understood: {e.Message}" };
        }
    }

    private async Task<T> GuardAsync<T>(Task<T> task, TimeSpan idle, CancellationToken cancellationToken)
    {
        try
        {
            return await task;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HnvApiException($"Nothing was heard from the controller at {options.Controller} for {idle.TotalSeconds:0} seconds.", null, null, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
        catch (InvalidDataException e)
        {
            throw new HnvApiException($"The controller at {options.Controller} sent what is not understood: {e.Message}.", HttpStatusCode.OK, null, e);
        }
    }

    private HnvApiException Unreachable(Exception e) =>
        new($"The controller at {options.Controller} cannot be reached: {(e.InnerException ?? e).Message}", null, null, e);
}
