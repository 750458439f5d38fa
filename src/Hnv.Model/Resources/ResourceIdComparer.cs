namespace Hnv.Model.Resources;

/// <summary>Order of listings: kind, tenant, name; ordinal.</summary>
public sealed class ResourceIdComparer : IComparer<ResourceId>
{
    /// <summary>The only one needed.</summary>
    public static ResourceIdComparer Instance { get; } = new();

    public int Compare(ResourceId x, ResourceId y)
    {
        int order = x.Kind.CompareTo(y.Kind);
        order = order != 0 ? order : string.CompareOrdinal(x.Tenant, y.Tenant);
        return order != 0 ? order : string.CompareOrdinal(x.Name, y.Name);
    }
}
