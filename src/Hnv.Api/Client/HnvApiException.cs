using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Model;

namespace Hnv.Api.Client;

/// <summary>The controller could not be reached, or answered with a problem.</summary>
public sealed class HnvApiException : Exception
{
    public HnvApiException(string message, HttpStatusCode? status = null, HnvProblem? problem = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Status = status;
        Problem = problem;
    }

    /// <summary>Status of the answer; null when there was none.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The problem details of the answer, if it had any.</summary>
    public HnvProblem? Problem { get; }

    /// <summary>Everything that is wrong with the input; empty when the problem is another.</summary>
    public ImmutableArray<Finding> Findings => Problem?.FindingsOrEmpty ?? [];

    /// <summary>True when no controller answered: worth another try, or another controller.</summary>
    public bool IsUnreachable => Status is null;

    internal static HnvApiException From(HttpStatusCode status, HnvProblem? problem)
    {
        string message = problem switch
        {
            { Detail: { } detail } => detail,
            { Title: { } title } => title,
            _ => $"The controller answered {(int)status} {status}.",
        };
        return new HnvApiException(message, status, problem);
    }
}
