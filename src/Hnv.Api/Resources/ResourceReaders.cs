using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>Field by field from JSON to resources.</summary>
internal static class ResourceReaders
{
    public static Resource? Read(ResourceKind kind, StrictObject fields, ResourceReadOptions options) => kind switch
    {
        ResourceKind.Tenant => Name(fields, options) is { } name ? new Tenant { Name = name } : null,
        ResourceKind.Host => ReadHost(fields, options),
        ResourceKind.ProviderEndpoint => ReadProviderEndpoint(fields, options),
        ResourceKind.VmNetwork => ReadVmNetwork(fields, options),
        ResourceKind.Port => ReadPort(fields, options),
        ResourceKind.LookupRecord => ReadLookupRecord(fields, options),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind"),
    };

    private static Host? ReadHost(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options);
        ImmutableArray<IPAddress> addresses = fields.Addresses("providerAddresses");
        return name is null ? null : new Host { Name = name, ProviderAddresses = addresses };
    }

    private static ProviderEndpoint? ReadProviderEndpoint(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options, required: false);
        IPAddress? address = fields.Address("providerAddress", required: true);
        var flowId = (FlowIdMode)(fields.Word("flowId", ResourceWords.FlowIds) ?? 0);
        return address is null
            ? null
            : new ProviderEndpoint { Name = name ?? DerivedNames.OfProviderEndpoint(address), ProviderAddress = address, FlowId = flowId };
    }

    private static VmNetwork? ReadVmNetwork(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options);
        string? tenant = Tenant(fields, options);
        Guid id = fields.Identifier("routingDomainId") ?? Guid.Empty;
        var encapsulation = (Encapsulation)(fields.Word("encapsulation", ResourceWords.Encapsulations) ?? 0);
        ImmutableArray<VirtualSubnet> subnets = fields.Objects("subnets", ReadSubnet);
        ImmutableArray<CustomerRoute> routes = fields.Objects("routes", ReadRoute);
        return name is null || tenant is null
            ? null
            : new VmNetwork { Name = name, Tenant = tenant, RoutingDomainId = id, Encapsulation = encapsulation, Subnets = subnets, Routes = routes };
    }

    private static VirtualSubnet? ReadSubnet(StrictObject fields)
    {
        uint? vsid = fields.Number("vsid", VirtualSubnetId.Min, VirtualSubnetId.Max, required: true);
        string? name = fields.Text("name");
        ImmutableArray<IPNetwork> prefixes = fields.Prefixes("prefixes", required: true);
        ImmutableArray<IPAddress> gateways = fields.Addresses("gateways");
        fields.NotInThisVersion("learning", "flooding", "multicastGroup", "pool");
        fields.Close();
        return vsid is null ? null : new VirtualSubnet { Vsid = vsid.Value, Name = name, Prefixes = prefixes, Gateways = gateways };
    }

    private static CustomerRoute? ReadRoute(StrictObject fields)
    {
        IPNetwork? prefix = fields.Prefix("prefix", required: true);
        IPAddress? nextHop = fields.Address("nextHop", required: true);
        uint metric = fields.Number("metric") ?? 0;
        fields.Close();
        return prefix is null || nextHop is null ? null : new CustomerRoute { Prefix = prefix.Value, NextHop = nextHop, Metric = metric };
    }

    private static Port? ReadPort(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options);
        string? tenant = Tenant(fields, options);
        string? network = fields.Text("vmNetwork", required: true);
        uint? vsid = fields.Number("vsid", VirtualSubnetId.Min, VirtualSubnetId.Max, required: true);
        string? host = fields.Text("host");
        string? interfaceName = fields.Text("interface");
        MacAddress? mac = fields.Mac("mac", required: true);
        ImmutableArray<IPAddress> addresses = fields.Addresses("addresses");
        fields.NotInThisVersion("dynamicAddressLimit", "dhcpGuard", "routerGuard", "macSpoofing", "stormLimit");
        return name is null || tenant is null || network is null || vsid is null || mac is null
            ? null
            : new Port
            {
                Name = name,
                Tenant = tenant,
                VmNetwork = network,
                Vsid = vsid.Value,
                Host = host,
                Interface = interfaceName,
                Mac = mac.Value,
                Addresses = addresses,
            };
    }

    private static LookupRecord? ReadLookupRecord(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options, required: false);
        string? tenant = Tenant(fields, options);
        uint? vsid = fields.Number("vsid", VirtualSubnetId.Min, VirtualSubnetId.Max, required: true);
        IPAddress? customer = fields.Address("customerAddress", required: true);
        MacAddress? mac = fields.Mac("mac", required: true);
        IPAddress? provider = fields.Address("providerAddress", required: true);
        var type = (LookupRecordType)(fields.Word("type", ResourceWords.RecordTypes) ?? 0);
        return tenant is null || vsid is null || customer is null || mac is null || provider is null
            ? null
            : new LookupRecord
            {
                Name = name ?? DerivedNames.OfLookupRecord(vsid.Value, customer),
                Tenant = tenant,
                Vsid = vsid.Value,
                CustomerAddress = customer,
                Mac = mac.Value,
                ProviderAddress = provider,
                Type = type,
            };
    }

    private static string? Name(StrictObject fields, ResourceReadOptions options, bool required = true) =>
        Stated(fields, "name", options.Id?.Name, required && options.Id is null);

    private static string? Tenant(StrictObject fields, ResourceReadOptions options) =>
        Stated(fields, "tenant", options.Id?.Tenant, required: false) ?? (fields.Has("tenant") ? null : options.DefaultTenant);

    /// <summary>What the object says, or the path, which must not differ.</summary>
    private static string? Stated(StrictObject fields, string field, string? path, bool required)
    {
        string? text = fields.Text(field, required);
        if (text is not null && path is not null && text != path)
        {
            fields.Add(field, $"is {BindingContext.Quote(text)}, and the path says {BindingContext.Quote(path)}", "make them the same, or leave the field out");
        }

        return path ?? text;
    }
}
