using System.Collections.Concurrent;
using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Controller.Rest;

namespace Hnv.Controller.Hosts;

/// <summary>A host's answer as it came: JSON, or problem details.</summary>
internal sealed record HostAnswer(string ContentType, byte[] Body);

/// <summary>Questions to hosts: down the stream that the host opened, and the answer by a request of its own.</summary>
internal sealed class QueryBroker(PolicyHub hub, HostFindings findings, ControllerOptions options)
{
    private readonly ConcurrentDictionary<(string Host, string Id), TaskCompletionSource<HostAnswer>> _waiting = new();

    /// <summary>Asks and waits.</summary>
    /// <exception cref="ProblemException">504: the host is not connected here, or does not answer.</exception>
    public async Task<HostAnswer> AskAsync(
        string host, string query, ImmutableDictionary<string, string>? arguments, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("n");
        var answer = new TaskCompletionSource<HostAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[(host, id)] = answer;
        try
        {
            if (!hub.TryAsk(host, new QueryMessage(id, query, arguments)))
            {
                throw new ProblemException(
                    StatusCodes.Status504GatewayTimeout, $"Host {host} is not connected to this controller. {findings.LastWordOf(host)}");
            }

            return await answer.Task.WaitAsync(PolicyProtocol.QueryTimeout, options.Time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new ProblemException(
                StatusCodes.Status504GatewayTimeout,
                $"Host {host} did not answer within {PolicyProtocol.QueryTimeout.TotalSeconds:0} seconds. {findings.LastWordOf(host)}", null, e);
        }
        finally
        {
            _waiting.TryRemove((host, id), out _);
        }
    }

    /// <summary>Takes an answer; false when nobody waits for it (any more).</summary>
    public bool Take(string host, string id, HostAnswer answer) =>
        _waiting.TryRemove((host, id), out TaskCompletionSource<HostAnswer>? waiting) && waiting.TrySetResult(answer);
}
