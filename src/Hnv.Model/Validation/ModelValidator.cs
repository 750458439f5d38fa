using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>
/// Judges what an operator wants before it is committed: all that is wrong at once, in the operator's own names. Pure. The cost is
/// that of what changes and what it touches, not that of the cloud.
/// </summary>
/// <remarks>
/// Two halves: what is written must be right in the model as it will be, and what is not written must stay right (a removed host
/// must not leave ports behind). What is merely not so yet is no finding but a condition (<see cref="ModelConditions"/>).
/// </remarks>
public static class ModelValidator
{
    /// <param name="current">The model as it is; valid.</param>
    /// <param name="proposed">The changes.</param>
    /// <param name="viewer">Who reads the findings.</param>
    /// <param name="newRoutingDomainId">Makes the RDID of a network that has none; random unless given.</param>
    public static ValidationOutcome Validate(
        CloudModel current, ChangeSet proposed, Viewer viewer = default, Func<Guid>? newRoutingDomainId = null)
    {
        newRoutingDomainId ??= Guid.NewGuid;
        List<AppliedChange> changes = [];
        List<Finding> early = [];
        Dictionary<ResourceId, int> ordinals = [];
        CloudModel.Builder builder = current.ToBuilder();
        foreach (ResourceChange wish in proposed.Changes)
        {
            if (!ordinals.TryAdd(wish.Id, ordinals.Count))
            {
                early.AddWithinLimit(new Finding(wish.Id.ToString(), "", "is said twice", "say each object once", wish.Document));
                continue;
            }

            Resource? before = current.Find(wish.Id);
            Resource? after = Complete(current, wish.Resource, before, newRoutingDomainId);
            changes.Add(new AppliedChange(wish.Id, before, after, wish.Document));
            _ = after is null ? builder.Remove(wish.Id) : builder.Put(after);
        }

        IReadOnlyList<AppliedChange> tenants = MakeTenants(changes, builder, ordinals, viewer, early);
        List<AppliedChange> leases = Lease(current, changes, builder);
        var judgement = new Judgement(current, builder.Build(), viewer, ordinals);
        judgement.Findings.AddRange(early);
        foreach (AppliedChange change in changes)
        {
            if (change.After is { } resource)
            {
                NameRules.Check(judgement, change, resource);
                CheckWritten(judgement, change, resource);
            }

            UseRules.Check(judgement, change);
        }

        return new ValidationOutcome(judgement.Next, [.. tenants, .. changes, .. leases], [.. judgement.Findings]);
    }

    private static void CheckWritten(Judgement judgement, AppliedChange change, Resource resource)
    {
        switch (resource)
        {
            case Host host:
                ProviderRules.Check(judgement, change, host);
                break;
            case ProviderEndpoint endpoint:
                ProviderRules.Check(judgement, change, endpoint);
                break;
            case VmNetwork network:
                VmNetworkRules.Check(judgement, change, network);
                RouteRules.Check(judgement, change, network);
                break;
            case Port port:
                PortRules.Check(judgement, change, port);
                break;
            case LookupRecord record:
                LookupRecordRules.Check(judgement, change, record);
                break;
        }
    }

    /// <summary>
    /// An RDID left out is the one the network has, or a new one. A port's leases are not its writer's to say, nor what a subnet has
    /// forgotten.
    /// </summary>
    private static Resource? Complete(CloudModel current, Resource? resource, Resource? before, Func<Guid> newRoutingDomainId) => resource switch
    {
        VmNetwork network => network with
        {
            RoutingDomainId = network.RoutingDomainId != Guid.Empty ? network.RoutingDomainId : before is VmNetwork old ? old.RoutingDomainId : newRoutingDomainId(),
            Subnets = network.Subnets.IsDefault ? network.Subnets : [.. network.Subnets.Select(s => Remember(current, s))],
        },
        Port { Leases.IsEmpty: false } port => port with { Leases = [] },
        _ => resource,
    };

    /// <summary>A subnet keeps its epoch whoever writes it, also into another network: what was forgotten must not come back as newer.</summary>
    private static VirtualSubnet Remember(CloudModel current, VirtualSubnet subnet) =>
        current.FindSubnet(subnet.Vsid) is { Subnet: var known } && known.LearningEpoch > subnet.LearningEpoch
            ? subnet with { LearningEpoch = known.LearningEpoch, Forgotten = known.Forgotten }
            : subnet;

    /// <summary>Gives and takes leases: into the changes of the ports written, and as changes of others, which nobody wrote.</summary>
    private static List<AppliedChange> Lease(
        CloudModel current, List<AppliedChange> changes, CloudModel.Builder builder)
    {
        List<AppliedChange> others = [];
        Dictionary<ResourceId, int> places = [];
        for (int i = 0; i < changes.Count; i++)
        {
            places[changes[i].Id] = i;
        }

        foreach (Port port in new LeaseAllocation(current, builder).Apply(changes))
        {
            if (places.TryGetValue(port.Id, out int at))
            {
                changes[at] = changes[at] with { After = port };
            }
            else
            {
                others.Add(new AppliedChange(port.Id, current.Find(port.Id), port, null));
            }
        }

        return others;
    }

    /// <summary>
    /// Tenants come into being with the first object that names them, if it is the cloud's administrator who writes it: a tenant that
    /// was deleted must not come back because its own administrator still writes.
    /// </summary>
    private static List<AppliedChange> MakeTenants(
        List<AppliedChange> changes, CloudModel.Builder builder, Dictionary<ResourceId, int> ordinals, Viewer viewer, List<Finding> findings)
    {
        List<AppliedChange> made = [];
        HashSet<ResourceId> missing = [];
        foreach (AppliedChange change in changes)
        {
            if (change.After is TenantResource { Tenant: var name } && NameRules.IsValid(name))
            {
                var tenant = new Tenant { Name = name };
                if (builder.Find(tenant.Id) is not null || ordinals.ContainsKey(tenant.Id))
                {
                    continue;
                }

                if (viewer.Tenant is not null)
                {
                    if (missing.Add(tenant.Id))
                    {
                        findings.AddWithinLimit(new Finding(
                            change.Id.ToString(), "/tenant", $"there is no {tenant.Id}", "an administrator of the cloud makes tenants", change.Document));
                    }
                }
                else
                {
                    builder.Put(tenant);
                    made.Add(new AppliedChange(tenant.Id, null, tenant, null));
                }
            }
        }

        return made;
    }
}
