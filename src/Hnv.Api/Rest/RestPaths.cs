using Hnv.Model.Resources;

namespace Hnv.Api.Rest;

/// <summary>Paths of the REST API, for both of its ends.</summary>
public static class RestPaths
{
    /// <summary>Prefix of everything but health, metrics and the description.</summary>
    public const string Root = "/api/v1";

    /// <summary>Path segment of a kind: lower-case plural.</summary>
    public static string Segment(ResourceKind kind) => kind switch
    {
        ResourceKind.Tenant => "tenants",
        ResourceKind.Host => "hosts",
        ResourceKind.ProviderEndpoint => "providerendpoints",
        ResourceKind.VmNetwork => "vmnetworks",
        ResourceKind.Port => "ports",
        ResourceKind.LookupRecord => "lookuprecords",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind."),
    };

    /// <summary>
    /// Path of a list: of the cloud, or of one tenant. Kinds that belong to tenants are listed across all of them when
    /// <paramref name="tenant"/> is null.
    /// </summary>
    public static string List(ResourceKind kind, string? tenant = null) => Collection(Segment(kind), tenant);

    /// <summary>Path of a view (<c>virtualsubnets</c>, <c>customerroutes</c>, <c>provideraddresses</c>, <c>records</c>).</summary>
    public static string Collection(string segment, string? tenant = null) =>
        tenant is null ? $"{Root}/{segment}" : $"{Root}/tenants/{Uri.EscapeDataString(tenant)}/{segment}";

    /// <summary>Path of one object.</summary>
    public static string One(ResourceId id) => $"{List(id.Kind, id.Tenant)}/{Uri.EscapeDataString(id.Name)}";

    /// <summary>Path of something below a host: <c>policy</c>, <c>reports</c>, <c>answers/ID</c>, <c>kernel/QUERY</c>.</summary>
    public static string OfHost(string host, string rest) => $"{Root}/hosts/{Uri.EscapeDataString(host)}/{rest}";
}
