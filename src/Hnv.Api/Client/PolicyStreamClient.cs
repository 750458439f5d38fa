using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;

namespace Hnv.Api.Client;

/// <summary>What a host already holds of a network: claim of <c>have=</c>.</summary>
public sealed record HeldNetwork(Guid Network, long Revision, string Digest);

/// <summary>A host's side of the API: its policy stream, its reports, its answers. Safe for use by several threads.</summary>
public sealed class PolicyStreamClient(HnvClient client, string host)
{
    /// <summary>Longest silence on the stream before it counts as broken; the controller's signs of life come every 5 seconds.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What is said to be understood.</summary>
    public int Protocol { get; init; } = PolicyProtocol.Version;

    /// <summary>
    /// Opens the stream and yields its messages; ends when the controller ends it (it stops). One use is one connection:
    /// the caller decides when to try again, and with which claims.
    /// </summary>
    /// <exception cref="HnvApiException">The stream could not be opened, broke off, fell silent, or holds what is not understood.</exception>
    public async IAsyncEnumerable<PolicyMessage> ReadAsync(
        IEnumerable<HeldNetwork> have, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string claims = string.Join(',', have.Select(h => $"{h.Network}:{h.Revision}:{h.Digest}"));
        string path = RestPaths.OfHost(host, "policy") + $"?protocol={Protocol}" + (claims.Length == 0 ? string.Empty : $"&have={claims}");
        await foreach (string line in client.Rest.StreamLinesAsync(path, Idle, cancellationToken))
        {
            yield return Parse(line);
        }
    }

    /// <summary>Posts a report.</summary>
    public Task ReportAsync(HostReport report, CancellationToken cancellationToken = default) =>
        client.Rest.SendAsync(RestConnection.Request(HttpMethod.Post, RestPaths.OfHost(host, "reports"), report), cancellationToken);

    /// <summary>Posts what VMs of the host were heard to have. Status 409: reports before it were not heard; begin anew.</summary>
    public Task<LearnedAnswer> LearnedAsync(LearnedReport report, CancellationToken cancellationToken = default) =>
        client.Rest.PostAsync<LearnedAnswer>(RestPaths.OfHost(host, "learned"), report, cancellationToken);

    /// <summary>Posts the answer to a query.</summary>
    public Task AnswerAsync<T>(string queryId, T answer, CancellationToken cancellationToken = default)
        where T : notnull =>
        client.Rest.SendAsync(RestConnection.Request(HttpMethod.Post, AnswerPath(queryId), answer), cancellationToken);

    /// <summary>Answers a query with a problem.</summary>
    public Task AnswerProblemAsync(string queryId, HnvProblem problem, CancellationToken cancellationToken = default)
    {
        HttpRequestMessage request = RestConnection.Request(HttpMethod.Post, AnswerPath(queryId), problem);
        request.Content!.Headers.ContentType = new(HnvProblem.ContentType);
        return client.Rest.SendAsync(request, cancellationToken);
    }

    /// <exception cref="HnvApiException">It is none that this version understands.</exception>
    internal static PolicyMessage Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<PolicyMessage>(line, HnvJson.Options)
                ?? throw new JsonException("A message is expected, not null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new HnvApiException($"The controller sent a policy message that is not understood: {e.Message}", HttpStatusCode.OK, null, e);
        }
    }

    private string AnswerPath(string queryId) => RestPaths.OfHost(host, $"answers/{Uri.EscapeDataString(queryId)}");
}
