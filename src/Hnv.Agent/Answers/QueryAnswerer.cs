using System.Text.Json;
using Hnv.Agent.Counters;
using Hnv.Agent.Sync;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Answers;

/// <summary>Answers questions about this host's kernel, to a controller or at the local socket.</summary>
internal sealed partial class QueryAnswerer(KernelReader kernel, Func<HostStatus> status, CounterBook counters, ILogger<QueryAnswerer> log)
{
    /// <summary>Questions answered at the same time; more are turned away, so that questions never cost forwarding its changes.</summary>
    public const int MaxAtOnce = 4;

    private int _running;

    /// <summary>The answer, or null for a question that this agent does not know.</summary>
    /// <exception cref="Exception">The kernel refuses to be read.</exception>
    public object? Answer(string query) => query switch
    {
        HostQueries.Records => kernel.Records(),
        HostQueries.Routes => kernel.Routes(),
        HostQueries.Ports => kernel.Ports(),
        HostQueries.Verdicts => kernel.Verdicts(),
        HostQueries.Traffic => kernel.Traffic(),
        HostQueries.Status => Status(),
        _ => null,
    };

    /// <summary>Answers a controller's question behind the stream's back. Returns at once.</summary>
    public void Post(IControllerSession session, QueryMessage query) => _ = Task.Run(() => PostAsync(session, query));

    /// <summary>As <see cref="Post"/>; for tests.</summary>
    internal async Task PostAsync(IControllerSession session, QueryMessage query)
    {
        using var limit = new CancellationTokenSource(PolicyProtocol.QueryTimeout);
        bool mayRun = Interlocked.Increment(ref _running) <= MaxAtOnce;
        try
        {
            if (!mayRun)
            {
                await session.AnswerProblemAsync(query.Id, Problem(503, "The host answers too many questions already."), limit.Token);
                return;
            }

            if (query.Query == HostQueries.Carry)
            {
                await TakeCountersAsync(session, query, limit.Token);
                return;
            }

            object? answer;
            try
            {
                answer = Answer(query.Query);
            }
            catch (Exception e)
            {
                // Whatever the kernel says, the one who asked shall know it; the agent goes on.
                LogReadFailed(log, e, query.Query);
                await session.AnswerProblemAsync(query.Id, Problem(500, $"The host could not read its kernel: {e.Message}"), limit.Token);
                return;
            }

            if (answer is null)
            {
                await session.AnswerProblemAsync(query.Id, Problem(501, $"This agent does not know the question '{query.Query}'; is it older than the controller?"), limit.Token);
                return;
            }

            await session.AnswerAsync(query.Id, answer, limit.Token);
        }
        catch (Exception e) when (e is HnvApiException or OperationCanceledException or ObjectDisposedException)
        {
            LogPostFailed(log, query.Query, e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private HostStatus Status()
    {
        HostStatus agent = status();
        return agent with { Maps = kernel.Maps(), Features = kernel.Features(), Deliveries = kernel.Deliveries(agent.Uplinks) };
    }

    /// <summary>What a port had counted where it was before; of the controller alone.</summary>
    private async Task TakeCountersAsync(IControllerSession session, QueryMessage query, CancellationToken ct)
    {
        PortCounters? handed = null;
        try
        {
            handed = query.Arguments?.GetValueOrDefault(HostQueries.CarriedCounters) is { } json ? JsonSerializer.Deserialize<PortCounters>(json, HnvJson.Options) : null;
        }
        catch (JsonException e)
        {
            LogPostFailed(log, query.Query, e.Message);
        }

        if (handed?.Problem() is not null || handed is null)
        {
            await session.AnswerProblemAsync(query.Id, Problem(400, $"The counters are not taken: {handed?.Problem() ?? "there are none"}."), ct);
        }
        else if (TryTake(handed) is { } problem)
        {
            await session.AnswerProblemAsync(query.Id, problem, ct);
        }
        else
        {
            await session.AnswerAsync(query.Id, handed.Id, ct);
        }
    }

    /// <returns>Null when they are kept; else why not, which may be otherwise later.</returns>
    private HnvProblem? TryTake(PortCounters handed)
    {
        try
        {
            return counters.Take(handed) ? null : Problem(404, $"Port {handed.Port} is not on this host (yet).");
        }
        catch (IOException e)
        {
            return Problem(503, e.Message);
        }
    }

    private static HnvProblem Problem(int status, string detail) => new() { Status = status, Title = "The host has no answer.", Detail = detail };

    [LoggerMessage(Level = LogLevel.Error, Message = "The question '{Query}' could not be answered")]
    private static partial void LogReadFailed(ILogger log, Exception e, string query);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer to '{Query}' was not taken: {Problem}")]
    private static partial void LogPostFailed(ILogger log, string query, string problem);
}
