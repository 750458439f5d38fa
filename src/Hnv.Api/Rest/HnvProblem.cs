using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Hnv.Model;

namespace Hnv.Api.Rest;

/// <summary>RFC 9457 problem details, with all findings where an input was wrong.</summary>
public sealed record HnvProblem
{
    /// <summary>Content type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    public string? Type { get; init; }

    public string? Title { get; init; }

    public int? Status { get; init; }

    public string? Detail { get; init; }

    public string? Instance { get; init; }

    /// <summary>Everything that is wrong with the input; empty or null where the problem is another.</summary>
    public ImmutableArray<Finding>? Findings { get; init; }

    /// <summary>Findings, or none.</summary>
    [JsonIgnore]
    public ImmutableArray<Finding> FindingsOrEmpty => Findings ?? [];
}
