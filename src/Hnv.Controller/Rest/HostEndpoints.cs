using System.Collections.Immutable;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Identity;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;
using Hnv.Model;

namespace Hnv.Controller.Rest;

/// <summary>What belongs to a host: its stream, reports, answers; and questions to it.</summary>
internal static partial class HostEndpoints
{
    private const long MaxAnswerBytes = 32L << 20;

    /// <summary>10 000 ports, each with names of full length and a reason of some 500 characters, have 7 MB.</summary>
    private const long MaxReportBytes = 8L << 20;

    private static readonly ImmutableHashSet<string> s_queries =
        [HostQueries.Records, HostQueries.Routes, HostQueries.Ports, HostQueries.Verdicts, HostQueries.Traffic, HostQueries.Status];

    public static void Map(IEndpointRouteBuilder app)
    {
        string host = $"{RestPaths.Root}/hosts/{{host}}";
        app.MapGet($"{host}/policy", StreamAsync)
            .For(
                Access.OfHost,
                "The host's policy stream: one JSON object a line. have=NETWORK:REVISION:DIGEST,… says what it has, protocol=N what it understands; 400 when that is too old, or too new.")
            .Produces<PolicyMessage>(StatusCodes.Status200OK, PolicyProtocol.ContentType);

        app.MapPost($"{host}/reports", async (HttpContext context, string host, HostRegistry registry, ModelStore store, MoveCompletion moves, CounterTransfer counters) =>
            {
                // What is said of a host that is not there would be kept for ever: nobody deletes it.
                if (store.State.Model.FindHost(host) is null)
                {
                    throw ProblemException.NotFound($"Host {host}");
                }

                HostReport report = await RequestJson.ReadAsync<HostReport>(context);
                if (report.Protocol is < PolicyProtocol.Oldest or > PolicyProtocol.Version)
                {
                    throw new ProblemException(
                        StatusCodes.Status400BadRequest, $"The report is of protocol {report.Protocol}; this controller speaks {PolicyProtocol.Version} and the one before.");
                }

                if (TooMuch(report) is { } wrong)
                {
                    throw new ProblemException(StatusCodes.Status400BadRequest, $"The report is not taken: {wrong}.");
                }

                report = report with
                {
                    Ports = report.Ports.IsDefault ? [] : report.Ports,
                    Problems = report.Problems.IsDefault ? [] : report.Problems,
                };
                if (registry.Take(host, report))
                {
                    await moves.TakeAsync(host, report.Ports, context.RequestAborted);
                    counters.Take(host, report.Left);
                }

                return Results.NoContent();
            })
            .For(Access.OfHost, "Takes a host's report; one that was taken before changes nothing.")
            .WithMetadata(new RequestLimit(MaxReportBytes))
            .Accepts<HostReport>("application/json")
            .Produces(StatusCodes.Status204NoContent)
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status413PayloadTooLarge);

        app.MapPost($"{host}/learned", async (HttpContext context, string host, LearnedStore learned, ModelStore store) =>
            {
                LearnedReport report = await RequestJson.ReadAsync<LearnedReport>(context);
                return store.State.Model.FindHost(host) is null ? throw ProblemException.NotFound($"Host {host}") : Answer.Json(learned.Take(host, report));
            })
            .For(Access.OfHost, "Takes what VMs of a host were heard to have. 409: reports before it were not heard; begin anew.")
            .WithMetadata(new RequestLimit(LearnedReport.MaxBytes))
            .Accepts<LearnedReport>("application/json")
            .Produces<LearnedAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge);

        app.MapPost($"{host}/answers/{{id}}", async (HttpContext context, string host, string id, QueryBroker broker, HostRegistry registry) =>
            {
                registry.Touch(host);
                HostAnswer answer = await ReadAnswerAsync(context);
                return broker.Take(host, id, answer) ? Results.NoContent() : throw ProblemException.NotFound($"question {id} that waits for an answer");
            })
            .For(Access.OfHost, "Takes a host's answer to a question from its stream: a JSON document, or problem details.")
            .WithMetadata(new RequestLimit(MaxAnswerBytes))
            .Accepts<object>("application/json", HnvProblem.ContentType)
            .Produces(StatusCodes.Status204NoContent)
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status413PayloadTooLarge);

        app.MapGet($"{host}/kernel/{{query}}", async (HttpContext context, string host, string query, QueryBroker broker) =>
            {
                if (!s_queries.Contains(query))
                {
                    throw ProblemException.NotFound($"question '{query}'; hosts answer {string.Join(", ", s_queries.Order(StringComparer.Ordinal))}");
                }

                var arguments = context.Request.Query.ToImmutableDictionary(static q => q.Key, static q => q.Value.ToString(), StringComparer.Ordinal);
                HostAnswer answer = await broker.AskAsync(host, query, arguments.IsEmpty ? null : arguments, context.RequestAborted);
                bool problem = answer.ContentType == HnvProblem.ContentType;
                return new RawAnswer(answer.Body, answer.ContentType, problem ? StatusCodes.Status502BadGateway : StatusCodes.Status200OK);
            })
            .For(Access.Admin, "What stands in the host's kernel: records, routes, ports, verdicts, traffic, status.")
            .Produces<object>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status502BadGateway, StatusCodes.Status504GatewayTimeout);
    }

    /// <summary>What is in a report and not on a host; null where all may be. Ports and problems are bounded by the size of the body.</summary>
    private static string? TooMuch(HostReport report) =>
        report.Left is { IsDefault: false, Length: > PortCounters.MaxPorts } ? $"left has {report.Left.Length} ports, of which {PortCounters.MaxPorts} are taken at a time"
        : report.ProviderAddresses is { IsDefault: false, Length: > ModelLimits.ProviderAddressesPerHost }
            ? $"providerAddresses has {report.ProviderAddresses.Length}, and a host has at most {ModelLimits.ProviderAddressesPerHost}"
        : null;

    private static async Task<HostAnswer> ReadAnswerAsync(HttpContext context)
    {
        string? type = context.Request.ContentType?.Split(';')[0].Trim();
        if (type is not ("application/json" or HnvProblem.ContentType))
        {
            throw new ProblemException(StatusCodes.Status415UnsupportedMediaType, $"An answer is application/json or {HnvProblem.ContentType}, not '{type}'.");
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return new HostAnswer(type, body.ToArray());
    }

    private sealed class RawAnswer(byte[] body, string contentType, int status) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = contentType;
            await httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }

    private static async Task StreamAsync(
        HttpContext context, string host, PolicyHub hub, LearnedStore learned, StreamTurns turns, HostRegistry registry, ControllerOptions options, IHostApplicationLifetime lifetime,
        ILogger<PolicySession> logger, int protocol = 1, string? have = null)
    {
        // First, since others may write the rest differently.
        if (HostFindings.RefusalOf(protocol) is { } refusal)
        {
            if (registry.Refuse(host, protocol))
            {
                LogRefused(logger, host, refusal);
            }

            throw new ProblemException(StatusCodes.Status400BadRequest, $"Host {host} is not served: {refusal}. Until then it keeps the policy that it has.");
        }

        using PolicySession session = hub.Open(host, ReadClaims(have));
        registry.Connect(host, protocol);
        LogOpened(logger, host, protocol);
        long opened = options.Time.GetTimestamp();
        bool left = false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, session.Superseded);
        try
        {
            context.Response.ContentType = PolicyProtocol.ContentType;
            await context.Response.StartAsync(stop.Token);
            using var output = new StreamOutput(context.Response.BodyWriter, turns, options, stop.Token);
            int spoken = Math.Min(protocol, PolicyProtocol.Version);
            using var streams = new LearnedStreams(learned, turns, output, host);
            await new PolicyStreamWriter(output, hub, spoken, streams, session, options).RunAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            left = !session.Superseded.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            LogClosed(
                logger, host,
                session.Superseded.IsCancellationRequested ? "the host opened another"
                : lifetime.ApplicationStopping.IsCancellationRequested ? "the controller stops"
                : "the host left");
        }
        catch (OperationCanceledException)
        {
            LogClosed(logger, host, "the host takes nothing any more");
            context.Abort();
        }
        finally
        {
            hub.Close(session);
            registry.Disconnect(host, left, options.Time.GetElapsedTime(opened));
        }
    }

    /// <summary>NETWORK:REVISION:DIGEST,… — the revision is for people; the digest decides.</summary>
    private static Dictionary<Guid, string> ReadClaims(string? have)
    {
        var claims = new Dictionary<Guid, string>();
        foreach (string claim in have?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            if (claim.Split(':') is not [var network, _, var digest] || !Guid.TryParse(network, out Guid id))
            {
                throw new ProblemException(StatusCodes.Status400BadRequest, $"have= lists NETWORK:REVISION:DIGEST; '{claim}' is not of that form.");
            }

            claims[id] = digest;
        }

        return claims;
    }

    [LoggerMessage(LogLevel.Information, "Host {Host} connected; its agent understands protocol {Protocol}")]
    private static partial void LogOpened(ILogger logger, string host, int protocol);

    [LoggerMessage(LogLevel.Warning, "Host {Host} is not served: {Reason}")]
    private static partial void LogRefused(ILogger logger, string host, string reason);

    [LoggerMessage(LogLevel.Information, "The stream to host {Host} ended: {Reason}")]
    private static partial void LogClosed(ILogger logger, string host, string reason);
}
