using System.Collections.Immutable;
using System.Text.Json;

namespace Hnv.Api.Rest;

/// <summary>Body of <c>POST /api/v1/apply</c>: documents as in manifests, made so in one transaction.</summary>
public sealed record ApplyRequest(ImmutableArray<JsonElement> Documents);

/// <summary>What came of an apply, or would with <c>dryRun</c>.</summary>
/// <param name="Revision">The revision that holds it; that of the log when nothing changed.</param>
/// <param name="DryRun">True when nothing was written.</param>
/// <param name="Results">The documents in their order, then what was made on the way (tenants) and what was pruned.</param>
public sealed record ApplyResponse(long Revision, bool DryRun, ImmutableArray<ApplyResult> Results);

/// <summary>What an apply does to one object.</summary>
/// <param name="Kind">As in manifests: <c>VmNetwork</c>.</param>
/// <param name="Tenant">Null for what belongs to the cloud.</param>
/// <param name="Changes">With <see cref="ApplyAction.Changed"/>: which fields.</param>
public sealed record ApplyResult(string Kind, string? Tenant, string Name, ApplyAction Action, ImmutableArray<FieldChange>? Changes = null);

/// <summary>What happened to an object.</summary>
public enum ApplyAction
{
    Created,
    Changed,
    Unchanged,
    Deleted,
}

/// <summary>A field that differs. <paramref name="Field"/> is a JSON pointer; null stands for "absent".</summary>
public sealed record FieldChange(string Field, JsonElement? Old, JsonElement? New);
