using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Controller.Rest;

/// <summary>What is done with resources, whichever endpoint asks: judged against a snapshot, committed only if that is still the newest.</summary>
internal sealed class ResourceService(ModelStore store, CloudWriter writer)
{
    /// <summary>Creates or replaces one object. Second: whether it is new.</summary>
    public async Task<(CloudState State, StoredResource Stored, bool Created)> PutAsync(
        Principal principal, ResourceId id, JsonElement document, long? expected, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        if (!ResourceJson.TryRead(document, new ResourceReadOptions { Id = id, DefaultTenant = id.Tenant ?? ResourceId.DefaultTenant }, out Resource? resource, findings))
        {
            throw ProblemException.Invalid([.. findings]);
        }

        bool created = false;
        WriteResult result = await writer.WriteAsync(
            state =>
            {
                CheckExpected(state, id, expected);
                ValidationOutcome outcome = ModelValidator.Validate(state.Model, ChangeSet.Put(resource), AccessControl.ViewerOf(principal));
                ThrowIfInvalid(outcome, StatusCodes.Status422UnprocessableEntity);
                created = !state.Stored.ContainsKey(id);
                return Writes(state, outcome, set: null);
            },
            cancellationToken);
        return (result.State, result.State.Stored.GetValueOrDefault(id) ?? throw Overtaken(id), created);
    }

    /// <summary>Changes one object, from whatever it is when that is committed.</summary>
    public async Task<(CloudState State, StoredResource Stored)> ChangeAsync<T>(
        Principal principal, ResourceId id, Func<T, T> change, CancellationToken cancellationToken)
        where T : Resource
    {
        WriteResult result = await writer.WriteAsync(
            state =>
            {
                T found = state.Model.Find<T>(id) ?? throw ProblemException.NotFound(id.ToString());
                ValidationOutcome outcome = ModelValidator.Validate(state.Model, ChangeSet.Put(change(found)), AccessControl.ViewerOf(principal));
                ThrowIfInvalid(outcome, StatusCodes.Status422UnprocessableEntity);
                return Writes(state, outcome, set: null);
            },
            cancellationToken);
        return (result.State, result.State.Stored.GetValueOrDefault(id) ?? throw Overtaken(id));
    }

    /// <summary>Deletes one object; the revision.</summary>
    public async Task<long> DeleteAsync(Principal principal, ResourceId id, long? expected, CancellationToken cancellationToken)
    {
        WriteResult result = await writer.WriteAsync(
            state =>
            {
                if (!state.Stored.ContainsKey(id))
                {
                    throw ProblemException.NotFound(id.ToString());
                }

                CheckExpected(state, id, expected);
                ValidationOutcome outcome = ModelValidator.Validate(state.Model, ChangeSet.Delete(id), AccessControl.ViewerOf(principal));
                ThrowIfInvalid(outcome, StatusCodes.Status409Conflict);
                return Writes(state, outcome, set: null);
            },
            cancellationToken);
        return result.Revision;
    }

    /// <summary>Makes documents so, in one step; or only says what that would do.</summary>
    public async Task<ApplyResponse> ApplyAsync(
        Principal principal, ChangeSet wishes, bool dryRun, string? set, PruneScope? prune, int refusedAs, CancellationToken cancellationToken)
    {
        ImmutableArray<ResourceId> foreign = [.. wishes.Changes.Select(static c => c.Id).Where(id => !AccessControl.Owns(principal, id))];
        if (!foreign.IsEmpty)
        {
            throw new ProblemException(StatusCodes.Status403Forbidden, $"{principal} may not change {string.Join(", ", foreign)}.");
        }

        ImmutableArray<ApplyResult> results = [];
        IReadOnlyList<PlannedWrite> Plan(CloudState state)
        {
            ChangeSet all = prune is null ? wishes : wishes.And(Prune(principal, state, wishes, set!, prune.Tenant));
            ValidationOutcome outcome = ModelValidator.Validate(state.Model, all, AccessControl.ViewerOf(principal));
            ThrowIfInvalid(outcome, refusedAs);
            results = [.. outcome.Changes.OrderBy(static c => c.Document ?? int.MaxValue).Select(ToResult)];
            return Writes(state, outcome, set);
        }

        if (dryRun)
        {
            CloudState state = store.State;
            Plan(state);
            return new ApplyResponse(state.Revision, true, results);
        }

        WriteResult written = await writer.WriteAsync(Plan, cancellationToken);
        return new ApplyResponse(written.Revision, false, results);
    }

    private static ChangeSet Prune(Principal principal, CloudState state, ChangeSet wishes, string set, string? tenant)
    {
        HashSet<ResourceId> kept = [.. wishes.Changes.Select(static c => c.Id)];
        return new ChangeSet(
        [
            .. state.Stored.Values.Where(s => s.Set == set && !kept.Contains(s.Id) && (tenant is null || s.Id.Tenant == tenant) && AccessControl.Owns(principal, s.Id))
                .Select(static s => s.Id).Order(ResourceIdComparer.Instance).Select(static id => new ResourceChange(id, null)),
        ]);
    }

    private static List<PlannedWrite> Writes(CloudState state, ValidationOutcome outcome, string? set)
    {
        var writes = new List<PlannedWrite>();
        foreach (AppliedChange change in outcome.Changes)
        {
            string? known = state.Stored.GetValueOrDefault(change.Id)?.Set;
            // What nobody wrote (a tenant made on first use) belongs to no set: others may need it too.
            string? mine = change.Document is null ? known : set ?? known;
            if (change.Outcome is ChangeOutcome.Created or ChangeOutcome.Changed or ChangeOutcome.Deleted
                || (change.Outcome == ChangeOutcome.Unchanged && mine != known))
            {
                writes.Add(new PlannedWrite(change.Id, change.After, mine));
            }
        }

        return writes;
    }

    private static ApplyResult ToResult(AppliedChange change) => new(
        ResourceKinds.Of(change.Id.Kind).Name,
        change.Id.Tenant,
        change.Id.Name,
        change.Outcome switch
        {
            ChangeOutcome.Created => ApplyAction.Created,
            ChangeOutcome.Changed => ApplyAction.Changed,
            ChangeOutcome.Deleted => ApplyAction.Deleted,
            _ => ApplyAction.Unchanged,
        },
        change.Outcome == ChangeOutcome.Changed
            ? [.. ResourceDiff.Between(change.Before, change.After).Select(static d => new Hnv.Api.Rest.FieldChange(d.Pointer, d.Old, d.New))]
            : null);

    private static void ThrowIfInvalid(ValidationOutcome outcome, int status)
    {
        if (!outcome.IsValid)
        {
            ProblemException invalid = ProblemException.Invalid(outcome.Findings);
            throw new ProblemException(status, invalid.Message, invalid.Findings);
        }
    }

    private static void CheckExpected(CloudState state, ResourceId id, long? expected)
    {
        long found = state.Stored.GetValueOrDefault(id)?.Revision ?? 0;
        if (expected is { } wanted && wanted != found)
        {
            throw new ProblemException(
                StatusCodes.Status412PreconditionFailed,
                found == 0 ? $"{id} does not exist (any more)." : wanted == 0 ? $"{id} exists already, at revision {found}." : $"{id} is at revision {found}, not {wanted}: somebody changed it.");
        }
    }

    private static ProblemException Overtaken(ResourceId id) => new(StatusCodes.Status409Conflict, $"{id} was written and deleted again by somebody else.");
}

/// <summary>What is pruned of a set.</summary>
/// <param name="Tenant">That tenant's objects alone; null: all that the principal owns.</param>
internal sealed record PruneScope(string? Tenant);
