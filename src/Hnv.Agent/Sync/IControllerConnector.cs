using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;

namespace Hnv.Agent.Sync;

/// <summary>Makes sessions with controllers.</summary>
internal interface IControllerConnector
{
    /// <summary>Prepares a session; connects on first use.</summary>
    /// <exception cref="Exception">The identity cannot be read.</exception>
    IControllerSession Open(string controller);
}

/// <summary>A host's side of the API of one controller. Members may be called by several threads.</summary>
internal interface IControllerSession : IDisposable
{
    /// <summary>The protocol that the controller greeted with: this build's or the one before. Reports are of it, too.</summary>
    int Protocol { get; set; }

    /// <summary>Opens the policy stream.</summary>
    IAsyncEnumerable<PolicyMessage> ReadAsync(IReadOnlyList<HeldNetwork> have, CancellationToken ct);

    Task ReportAsync(HostReport report, CancellationToken ct);

    /// <summary>Tells what ports of this host were heard to have.</summary>
    Task<LearnedAnswer> LearnedAsync(LearnedReport report, CancellationToken ct);

    Task AnswerAsync(string queryId, object answer, CancellationToken ct);

    Task AnswerProblemAsync(string queryId, HnvProblem problem, CancellationToken ct);
}
