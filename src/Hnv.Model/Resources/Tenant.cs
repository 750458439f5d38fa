namespace Hnv.Model.Resources;

/// <summary>Owner of VM networks; the scope of a tenant administrator's rights. Made on first use of its name.</summary>
public sealed record Tenant : Resource
{
    public override ResourceId Id => new(ResourceKind.Tenant, null, Name);
}
