namespace Hnv.Model.Resources;

/// <summary>The kinds of objects an operator writes. Names as in manifests.</summary>
public enum ResourceKind
{
    Tenant,
    Host,
    ProviderEndpoint,
    VmNetwork,
    Port,
    LookupRecord,
}

/// <summary>
/// Identity of a resource. Tenant is null for what belongs to the cloud (tenants, hosts, provider endpoints); names are unique
/// per kind in their scope.
/// </summary>
public readonly record struct ResourceId(ResourceKind Kind, string? Tenant, string Name)
{
    /// <summary>The tenant of resources that name none.</summary>
    public const string DefaultTenant = "default";

    /// <summary>Whether resources of a kind belong to a tenant.</summary>
    public static bool IsTenantScoped(ResourceKind kind) =>
        kind is ResourceKind.VmNetwork or ResourceKind.Port or ResourceKind.LookupRecord;

    /// <summary>As people write it: <c>Port blue-corp/blue1</c>, <c>Host host1</c>.</summary>
    public override string ToString() => Tenant is null ? $"{Kind} {Name}" : $"{Kind} {Tenant}/{Name}";
}

/// <summary>An object an operator writes: an immutable value.</summary>
public abstract record Resource
{
    /// <summary>Unique per kind in its tenant, or in the cloud.</summary>
    public required string Name { get; init; }

    /// <summary>Kind, tenant and name.</summary>
    public abstract ResourceId Id { get; }
}

/// <summary>A resource of a tenant.</summary>
public abstract record TenantResource : Resource
{
    /// <summary>Name of the owning tenant.</summary>
    public string Tenant { get; init; } = ResourceId.DefaultTenant;
}
