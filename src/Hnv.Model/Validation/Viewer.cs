using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>For whom findings are written: a tenant's administrator must not learn the names of other tenants' objects.</summary>
/// <param name="Tenant">The tenant it administrates; null for the cloud's administrators, who see everything.</param>
public readonly record struct Viewer(string? Tenant)
{
    /// <summary>Sees everything.</summary>
    public static Viewer Administrator => default;

    /// <summary>Sees what belongs to that tenant.</summary>
    public static Viewer OfTenant(string tenant) => new(tenant);

    /// <summary>Whether the name of that resource may be told.</summary>
    public bool MaySee(ResourceId id) => Tenant is null || id.Tenant == Tenant || (id.Kind == ResourceKind.Tenant && id.Name == Tenant);
}
