using System.Collections.Immutable;
using Hnv.Model;

namespace Hnv.Controller.Rest;

/// <summary>A request that is answered with problem details (RFC 9457).</summary>
internal sealed class ProblemException(int status, string detail, ImmutableArray<Finding>? findings = null, Exception? innerException = null)
    : Exception(detail, innerException)
{
    public int Status { get; } = status;

    public ImmutableArray<Finding>? Findings { get; } = findings;

    public static ProblemException NotFound(string what) => new(StatusCodes.Status404NotFound, $"There is no {what}.");

    public static ProblemException Invalid(ImmutableArray<Finding> findings) => new(
        StatusCodes.Status422UnprocessableEntity,
        findings is [var one] ? $"{one.Object}: {one.Problem}." : $"{findings.Length} things are wrong; nothing was changed.",
        findings);
}
