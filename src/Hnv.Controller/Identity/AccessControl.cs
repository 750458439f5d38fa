using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Controller.Identity;

/// <summary>What <see cref="AccessControl.Decide"/> says.</summary>
internal enum AccessDecision
{
    Allowed,

    /// <summary>An identity would be needed (401).</summary>
    Unauthenticated,

    /// <summary>This identity may not (403).</summary>
    Forbidden,
}

/// <summary>The one place that decides who may do what.</summary>
internal static class AccessControl
{
    /// <summary>Decides on a request by its endpoint's rule. An endpoint without a rule is nobody's.</summary>
    /// <param name="tenant">The tenant that the path names.</param>
    /// <param name="host">The host that the path names.</param>
    /// <param name="reads">Whether the request's method changes nothing (RFC 9110, 9.2.1).</param>
    public static AccessDecision Decide(Principal principal, Access? access, string? tenant, string? host, bool reads)
    {
        bool allowed = (access, principal) switch
        {
            (null, _) => false,
            (Access.Public, _) => true,
            (_, Principal.Admin) => true,
            (Access.OfHost, Principal.Reader) => false, // Taking a host's stream would end the host's own.
            (_, Principal.Reader) => reads,
            (Access.OfTenant, Principal.TenantAdmin t) => t.Tenant == tenant,
            (Access.ScopedToTenant, Principal.TenantAdmin) => true,
            (Access.OfHost, Principal.Host h) => h.Name == host,
            _ => false,
        };
        return allowed ? AccessDecision.Allowed : principal is Principal.Anonymous ? AccessDecision.Unauthenticated : AccessDecision.Forbidden;
    }

    /// <summary>Whether what an endpoint that is <see cref="Access.ScopedToTenant"/> does may concern that resource.</summary>
    public static bool Owns(Principal principal, ResourceId id) => principal switch
    {
        Principal.Admin or Principal.Reader => true,
        Principal.TenantAdmin t => id.Tenant == t.Tenant,
        _ => false,
    };

    /// <summary>For whom findings are written.</summary>
    public static Viewer ViewerOf(Principal principal) =>
        principal is Principal.TenantAdmin t ? Viewer.OfTenant(t.Tenant) : Viewer.Administrator;

    /// <summary>The tenant whose objects alone are shown; null for all.</summary>
    public static string? ScopeOf(Principal principal) => (principal as Principal.TenantAdmin)?.Tenant;
}
