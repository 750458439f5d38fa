using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Cli.Output;
using Hnv.Model.Resources;
using Column = Hnv.Cli.Output.TableColumn<System.Text.Json.JsonElement>;

namespace Hnv.Cli.Kinds;

/// <summary>How a kind is shown: its columns, and the field that NAME is compared with.</summary>
internal sealed record KindTable(KindInfo Kind, TableColumns<JsonElement> Columns, string KeyField)
{
    /// <summary>What NAME is compared with.</summary>
    public string? Key(JsonElement row) => row.Text(KeyField);

    /// <summary>What a row of a view stays the same row by.</summary>
    public string Identity(JsonElement row) => string.Join('|', Kind.Name switch
    {
        "VirtualSubnet" => [row.Text("vsid")],
        // Ports without an address have none in common but 0.0.0.0.
        "Record" => [row.Text("vsid"), row.Text("customerAddress"), row.Text("type") == "L2Only" ? row.Text("port") : null],
        "CustomerRoute" => [row.Text("routingDomainId"), row.Text("prefix"), row.Text("nextHop"), row.Text("metric")],
        "ProviderRoute" => [row.Text("host"), row.Text("prefix"), row.Text("nextHop"), row.Text("metric")],
        "ProviderAddress" => [row.Text("providerAddress"), row.Text("host"), row.Text("providerEndpoint")],
        _ => new[] { row.Text("tenant"), Key(row) },
    });
}

/// <summary>The tables of all kinds.</summary>
internal static class KindTables
{
    private static readonly Column s_tenant = Col("TENANT", "tenant");

    public static ImmutableArray<KindTable> All { get; } =
    [
        Table(ResourceKinds.Of(ResourceKind.Tenant), "name", [Col("NAME", "name")]),
        Table(ResourceKinds.Of(ResourceKind.Host), "name",
        [
            Col("NAME", "name"),
            new("PROVIDER ADDRESSES", e => Joined([.. e.Items("providerAddresses").Select(a => a.ValueKind == JsonValueKind.Object ? a.Text("address")! : a.ToString())])),
            new("CONNECTED", e => e.At("status", "connected") is { } c ? c.GetBoolean() ? "yes" : "no" : "unknown", Style: Styles.State),
            Col("REALISED", "status", "realisedRevision", right: true),
            new("LAST WORD", e => Age(e.At("status", "ageSeconds")), Right: true),
            Col("AGENT", "status", "agentVersion", wide: true),
            new("PROBLEMS", e => string.Join("; ", e.Items("status", "problems").Select(static p => p.ToString().TrimEnd('.'))), Style: t => t == "-" ? null : "red"),
        ]),
        Table(ResourceKinds.Of(ResourceKind.ProviderEndpoint), "name",
        [
            Col("NAME", "name"), Col("PROVIDER ADDRESS", "providerAddress"), Col("FLOWID", "flowId"),
        ]),
        Table(ResourceKinds.Of(ResourceKind.VmNetwork), "name",
        [
            s_tenant, Col("NAME", "name"),
            new("VSIDS", e => string.Join(", ", e.Items("subnets").Select(s => s.Text("vsid")))),
            new("PREFIXES", e => string.Join(", ", e.Items("subnets").SelectMany(s => s.Items("prefixes")).Select(p => p.ToString()))),
            new("ROUTES", e => e.Items("routes").Count().ToString(), Right: true),
            Col("ENCAPSULATION", "encapsulation", wide: true), Col("EXTERNAL ROUTER", "useExternalRouter", wide: true), Col("ROUTING DOMAIN", "routingDomainId", wide: true),
        ]),
        Table(ResourceKinds.VirtualSubnet, "vsid",
        [
            s_tenant, Col("VM NETWORK", "vmNetwork"), Col("VSID", "vsid"), Col("NAME", "name"), Col("PREFIXES", "prefixes"), Col("GATEWAYS", "gateways"),
            Col("PORTS", "ports", right: true), Col("LEARNING", "learning"), Col("FLOODING", "flooding"), Col("GROUP", "multicastGroup", wide: true),
            Col("AGE", "learningAge", wide: true, right: true), Col("ADVERTISEMENTS", "routerAdvertisements", wide: true), Col("POOL", "pool", "range", wide: true),
            Col("POOL IPV6", "pool", "range6", wide: true), Col("LEASES", "leases", wide: true, right: true), Col("ROUTING DOMAIN", "routingDomainId", wide: true),
        ]),
        Table(ResourceKinds.Of(ResourceKind.Port), "name",
        [
            s_tenant, Col("NAME", "name"), Col("VM NETWORK", "vmNetwork"), Col("VSID", "vsid"),
            new("ADDRESSES", e => Joined([.. e.Items("addresses").Select(a => a.ToString()), .. e.Items("leases").Select(a => $"{a} (pool)")])),
            Col("MAC", "mac"), Col("HOST", "host"), Col("INTERFACE", "interface"),
            new("STATE", e => e.Text("status", "state"), Style: Styles.State), Col("REASON", "status", "reason", wide: true), Col("NUMBER", "status", "number", wide: true),
            Col("LEARNING", "learning", wide: true), Col("LIMIT", "dynamicAddressLimit", wide: true, right: true), Col("SOURCES", "learningSources", wide: true),
            new("GUARDS", e => Joined([.. new[] { "dhcpGuard", "routerGuard" }.Where(f => e.At(f) is { ValueKind: JsonValueKind.True })]), Wide: true),
            Col("STORM LIMIT", "stormLimit", wide: true, right: true),
        ]),
        Table(ResourceKinds.Of(ResourceKind.LookupRecord), "name",
        [
            s_tenant, Col("NAME", "name"), Col("VSID", "vsid"), Col("CUSTOMER ADDRESS", "customerAddress"), Col("MAC", "mac"), Col("PROVIDER ADDRESS", "providerAddress"), Col("TYPE", "type"),
            Col("VM NAME", "vmName", wide: true), Col("CUSTOMER ID", "customerId", wide: true), Col("CONTEXT", "context", wide: true),
        ]),
        Table(ResourceKinds.Record, "customerAddress",
        [
            Col("VSID", "vsid"), Col("CUSTOMER ADDRESS", "customerAddress"), Col("MAC", "mac"), Col("PROVIDER ADDRESS", "providerAddress"), Col("HOST", "host"), Col("PORT", "port"),
            Col("TYPE", "type"),
            new("FLAGS", e => string.Join(' ', new[] { "unusable", "unsynchronized" }.Where(f => e.At(f) is { ValueKind: JsonValueKind.True })), Style: t => t == "-" ? null : "yellow"),
            Col("SOURCE", "source", wide: true), Col("LEARNED FROM", "learnedFrom", wide: true), Col("LEARNED AT", "learnedAt", wide: true),
        ]),
        Table(ResourceKinds.Event, "customerAddress",
        [
            new("TIME", e => e.At("time") is { } t ? t.GetDateTimeOffset().ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : null),
            new("EVENT", e => e.Text("event"), Style: Styles.Event), Col("VSID", "vsid"), Col("CUSTOMER ADDRESS", "customerAddress"), Col("MAC", "mac"), Col("HOST", "host"), Col("PORT", "port"),
            Col("SOURCE", "source"), Col("NOTE", "note"),
        ]),
        Table(ResourceKinds.CustomerRoute, "prefix",
        [
            s_tenant, Col("VM NETWORK", "vmNetwork"), Col("PREFIX", "prefix"), new("NEXT HOP", e => e.Text("nextHop") ?? "on-link"), Col("VSID", "vsid"), Col("METRIC", "metric", right: true),
            new("CONDITION", e => e.Text("condition"), Style: Styles.State), Col("ROUTING DOMAIN", "routingDomainId", wide: true),
        ]),
        Table(ResourceKinds.ProviderAddress, "providerAddress",
        [
            Col("PROVIDER ADDRESS", "providerAddress"), Col("HOST", "host"), Col("PROVIDER ENDPOINT", "providerEndpoint"), Col("PREFERENCE", "preference", right: true), Col("FLOWID", "flowId"),
            new("STATE", e => e.Text("state"), Style: Styles.State), Col("UPLINK", "uplink", wide: true), Col("PREFIX LENGTH", "prefixLength", wide: true, right: true),
            Col("VLAN", "vlan", wide: true, right: true), Col("MAC", "mac", wide: true), Col("REASON", "reason", wide: true),
        ]),
        Table(ResourceKinds.ProviderRoute, "prefix",
        [
            Col("HOST", "host"), Col("PREFIX", "prefix"), new("NEXT HOP", e => e.Text("nextHop") ?? "on-link"),
            new("UPLINK", e => e.Text("uplink") ?? "by next hop"), Col("METRIC", "metric", right: true),
        ]),
    ];

    /// <summary>The kind a user means: singular, plural or short, in any case.</summary>
    /// <exception cref="CliException">There is no such kind; the nearest is named.</exception>
    public static KindTable Find(string word)
    {
        if (ResourceKinds.TryFind(word, out KindInfo kind))
        {
            return Of(kind);
        }

        string all = "Kinds: " + string.Join(", ", All.Select(k => k.Kind.Collection));
        throw CliException.Usage($"There is no kind '{word}'.", ResourceKinds.Nearest(word) is { } nearest ? $"Did you mean '{nearest}'? {all}" : all);
    }

    /// <summary>The table of a kind.</summary>
    public static KindTable Of(KindInfo kind) => All.First(t => t.Kind.Name == kind.Name);

    /// <summary>The table of a resource.</summary>
    public static KindTable Of(ResourceKind kind) => Of(ResourceKinds.Of(kind));

    private static KindTable Table(KindInfo kind, string key, Column[] columns) => new(
        kind,
        new TableColumns<JsonElement>([.. columns])
        {
            // What other commands take: TENANT/NAME where tenants have their own.
            Name = e => kind is { IsTenantScoped: true, Resource: not null } ? $"{e.Text("tenant")}/{e.Text(key)}" : e.Text(key),
        },
        key);

    private static Column Col(string header, string field, bool wide = false, bool right = false) => new(header, e => e.Text(field), wide, Right: right);

    private static Column Col(string header, string parent, string field, bool wide = false, bool right = false) =>
        new(header, e => e.Text(parent, field), wide, Right: right);

    private static string? Joined(string[] texts) => texts.Length == 0 ? null : string.Join(", ", texts);

    private static string? Age(JsonElement? seconds) => seconds is { ValueKind: JsonValueKind.Number } s ? Ages.Of(TimeSpan.FromSeconds(s.GetDouble())) : null;
}
