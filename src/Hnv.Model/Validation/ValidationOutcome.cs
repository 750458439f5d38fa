using System.Collections.Immutable;

namespace Hnv.Model.Validation;

/// <summary>What a change set would do.</summary>
/// <param name="Next">The model with the changes, at the current one's revision; not to be used while there are findings.</param>
/// <param name="Changes">Tenants made on first use, then the change set's own changes in its order, with what was left out filled in, then ports whose leases came or went by them.</param>
/// <param name="Findings">Everything that is wrong; empty when the change set may be committed.</param>
public sealed record ValidationOutcome(CloudModel Next, ImmutableArray<AppliedChange> Changes, ImmutableArray<Finding> Findings)
{
    public bool IsValid => Findings.IsEmpty;
}
