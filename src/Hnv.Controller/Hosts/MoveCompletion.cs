using System.Collections.Immutable;
using Hnv.Api.Reports;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Completes moves: a host that reports a port active which moves to it has heard its VM. Hosts repeat their reports, so a completion that
/// fails is tried again.
/// </summary>
internal sealed partial class MoveCompletion(ModelStore store, CloudWriter writer, ILogger<MoveCompletion> logger)
{
    /// <summary>Puts every port there that this host says is active, if that is where it moves to.</summary>
    public async Task TakeAsync(string host, ImmutableArray<PortReport> ports, CancellationToken cancellationToken)
    {
        ImmutableArray<ResourceId> active = [.. ports.Where(static p => p.State == PortStates.Active).Select(static p => IdOf(p.Port)).OfType<ResourceId>()];
        if (!active.Any(id => MovesTo(store.State.Model, id, host)))
        {
            return;
        }

        WriteResult written = await writer.WriteAsync(state => Plan(state, active, host), cancellationToken);
        LogCompleted(host, string.Join(", ", active), written.Revision);
    }

    /// <summary>Judged anew each time: the move may be cancelled, or lead elsewhere, meanwhile.</summary>
    private static IReadOnlyList<PlannedWrite> Plan(CloudState state, ImmutableArray<ResourceId> active, string host)
    {
        ImmutableArray<Resource> moved = [.. active.Where(id => MovesTo(state.Model, id, host)).Select(id => state.Model.Find<Port>(id)!.Migrated())];
        if (moved.IsEmpty)
        {
            return [];
        }

        ValidationOutcome outcome = ModelValidator.Validate(state.Model, ChangeSet.Put([.. moved]));
        return outcome.IsValid
            ? [.. outcome.Changes.Where(static c => c.Outcome == ChangeOutcome.Changed).Select(c => new PlannedWrite(c.Id, c.After, state.Stored.GetValueOrDefault(c.Id)?.Set))]
            : [];
    }

    private static bool MovesTo(CloudModel model, ResourceId id, string host) => model.Find<Port>(id)?.MigratingTo?.Host == host;

    private static ResourceId? IdOf(string port) => port.Split('/') is [var tenant, var name] ? new ResourceId(ResourceKind.Port, tenant, name) : null;

    [LoggerMessage(LogLevel.Information, "{Ports} moved to {Host}: complete at revision {Revision}")]
    private partial void LogCompleted(string host, string ports, long revision);
}
