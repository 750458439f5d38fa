using System.Collections.Immutable;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>A kind that people and programs can ask for.</summary>
/// <param name="Name">As in manifests: <c>VmNetwork</c>.</param>
/// <param name="Collection">As in the paths of the REST API: <c>vmnetworks</c>.</param>
/// <param name="Resource">The kind of what is written; null for a view, which can only be read.</param>
/// <param name="IsTenantScoped">Whether it is listed under a tenant.</param>
/// <param name="Words">Further words for it, lower case.</param>
public sealed record KindInfo(string Name, string Collection, ResourceKind? Resource, bool IsTenantScoped, ImmutableArray<string> Words)
{
    /// <summary>A view on what other objects say: it can be read only.</summary>
    public bool IsView => Resource is null;
}

/// <summary>Every kind with its names, for commands, paths and manifests alike.</summary>
public static class ResourceKinds
{
    /// <summary>Subnets, as objects of their own; owned by VM networks.</summary>
    public static readonly KindInfo VirtualSubnet = new("VirtualSubnet", "virtualsubnets", null, true, ["subnet", "subnets", "vsn", "vsid"]);

    /// <summary>Customer routes, on-link ones included.</summary>
    public static readonly KindInfo CustomerRoute = new("CustomerRoute", "customerroutes", null, true, ["route", "routes"]);

    /// <summary>Provider addresses of hosts and endpoints.</summary>
    public static readonly KindInfo ProviderAddress = new("ProviderAddress", "provideraddresses", null, false, ["pa", "pas"]);

    /// <summary>Provider routes of hosts.</summary>
    public static readonly KindInfo ProviderRoute = new("ProviderRoute", "providerroutes", null, false, ["proute", "proutes"]);

    /// <summary>Lookup records as they count: ports', explicit and learned ones by precedence.</summary>
    public static readonly KindInfo Record = new("Record", "records", null, true, ["rec", "recs"]);

    /// <summary>What happened to learned addresses.</summary>
    public static readonly KindInfo Event = new("Event", "events", null, true, ["ev"]);

    /// <summary>Documents of lab files; not for the controller.</summary>
    public static readonly ImmutableArray<string> LabKinds = ["LabHost", "LabVm", "LabFile"];

    private static readonly ImmutableArray<KindInfo> Written =
    [
        new("Tenant", "tenants", ResourceKind.Tenant, false, []),
        new("Host", "hosts", ResourceKind.Host, false, []),
        new("ProviderEndpoint", "providerendpoints", ResourceKind.ProviderEndpoint, false, ["endpoint", "endpoints", "pe"]),
        new("VmNetwork", "vmnetworks", ResourceKind.VmNetwork, true, ["vmn", "network", "networks"]),
        new("Port", "ports", ResourceKind.Port, true, []),
        new("LookupRecord", "lookuprecords", ResourceKind.LookupRecord, true, ["lookup", "lookups", "lrec"]),
    ];

    /// <summary>All kinds: first what is written, in the order of <see cref="ResourceKind"/>, then the views.</summary>
    public static ImmutableArray<KindInfo> All { get; } = [.. Written, VirtualSubnet, CustomerRoute, ProviderAddress, ProviderRoute, Record, Event];

    private static readonly ImmutableDictionary<string, KindInfo> ByWord = All
        .SelectMany(static k => k.Words.Append(k.Name).Append(k.Collection), static (k, word) => (Word: word, Kind: k))
        .ToImmutableDictionary(static e => e.Word, static e => e.Kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of a kind.</summary>
    public static KindInfo Of(ResourceKind kind) => Written[(int)kind];

    /// <summary>Singular, plural or short form, in any case.</summary>
    public static bool TryFind(string? word, out KindInfo kind)
    {
        kind = null!;
        return word is not null && ByWord.TryGetValue(word, out kind!);
    }

    /// <summary>The kind of a manifest's <c>kind</c>: its name, in any case; no short forms in files.</summary>
    public static ResourceKind? OfManifest(string? name)
    {
        foreach (KindInfo kind in Written)
        {
            if (string.Equals(kind.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return kind.Resource;
            }
        }

        return null;
    }

    /// <summary>Whether a manifest's <c>kind</c> is one of lab files.</summary>
    public static bool IsLab(string? name) => name is not null && LabKinds.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The name nearest to a word that is no kind, or null.</summary>
    public static string? Nearest(string word) =>
        Suggestion.Nearest(word, All.Select(static k => k.Name).Concat(All.Select(static k => k.Collection)).Concat(LabKinds));
}
