using System.Collections.Immutable;
using System.Net;
using Hnv.Model;
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
        ImmutableArray<ProviderAddressTerms> addresses =
            fields.AddressesOrObjects("providerAddresses", static a => new ProviderAddressTerms(a), ReadProviderAddress);
        ImmutableArray<ProviderRoute> routes = fields.Objects("providerRoutes", ReadProviderRoute);
        fields.ReadOnly(
            "useExternalRouter", "is a setting of VM networks, not of hosts", "write it at each VM network whose subnets meet in a router VM (docs/design/netwnv.md)");
        return name is null
            ? null
            : new Host
            {
                Name = name,
                ProviderAddresses = [.. addresses.Select(static a => a.Address)],
                ProviderAddressTerms = [.. addresses.Where(static a => !a.IsEmpty).DistinctBy(static a => a.Address)],
                ProviderRoutes = routes,
            };
    }

    private static ProviderAddressTerms? ReadProviderAddress(StrictObject fields)
    {
        IPAddress? address = fields.Address("address", required: true);
        uint? length = fields.Number("prefixLength");
        uint? vlan = fields.Number("vlan");
        MacAddress? mac = fields.Mac("mac");
        string? uplink = fields.Text("uplink");
        fields.Close();
        return address is null ? null : new ProviderAddressTerms(address) { PrefixLength = length, Vlan = vlan, Mac = mac, Uplink = uplink };
    }

    private static ProviderRoute? ReadProviderRoute(StrictObject fields)
    {
        IPNetwork? prefix = fields.Prefix("prefix", required: true);
        IPAddress? nextHop = fields.Address("nextHop");
        string? uplink = fields.Text("uplink");
        uint metric = fields.Number("metric") ?? 0;
        fields.Close();

        // As the cmdlets write on-link.
        nextHop = nextHop?.IsUnspecified() == true ? null : nextHop;
        return prefix is null ? null : new ProviderRoute { Prefix = prefix.Value, NextHop = nextHop, Uplink = uplink, Metric = metric };
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
        bool externalRouter = fields.Flag("useExternalRouter") ?? false;
        ImmutableArray<VirtualSubnet> subnets = fields.Objects("subnets", s => ReadSubnet(s, options));
        ImmutableArray<CustomerRoute> routes = fields.Objects("routes", ReadRoute);
        return name is null || tenant is null
            ? null
            : new VmNetwork
            {
                Name = name,
                Tenant = tenant,
                RoutingDomainId = id,
                Encapsulation = encapsulation,
                UseExternalRouter = externalRouter,
                Subnets = subnets,
                Routes = routes,
            };
    }

    private static VirtualSubnet? ReadSubnet(StrictObject fields, ResourceReadOptions options)
    {
        uint? vsid = fields.Number("vsid", VirtualSubnetId.Min, VirtualSubnetId.Max, required: true);
        string? name = fields.Text("name");
        ImmutableArray<IPNetwork> prefixes = fields.Prefixes("prefixes", required: true);
        ImmutableArray<IPAddress> gateways = fields.Addresses("gateways");
        var learning = (LearningMode)(fields.Word("learning", ResourceWords.LearningModes) ?? 0);
        uint age = fields.Number("learningAge", ModelLimits.LearningAgeMin, ModelLimits.LearningAgeMax) ?? VirtualSubnet.DefaultLearningAge;
        var flooding = (FloodingMode)(fields.Word("flooding", ResourceWords.FloodingModes) ?? 0);
        IPAddress? group = fields.Address("multicastGroup");
        var advertisements = (RouterAdvertisementMode?)fields.Word("routerAdvertisements", ResourceWords.RouterAdvertisementModes);
        AddressPool? pool = fields.Object("pool", ReadPool);
        uint epoch = options.Stored ? fields.Number("learningEpoch") ?? 0 : 0;
        ImmutableArray<Forgotten> forgotten = options.Stored ? fields.Objects("forgotten", ReadForgotten) : [];
        fields.Close();
        return vsid is null
            ? null
            : new VirtualSubnet
            {
                Vsid = vsid.Value,
                Name = name,
                Prefixes = prefixes,
                Gateways = gateways,
                Learning = learning,
                LearningAge = age,
                Flooding = flooding,
                MulticastGroup = group,
                RouterAdvertisements = advertisements,
                Pool = pool,
                LearningEpoch = epoch,
                Forgotten = forgotten,
            };
    }

    private static Forgotten? ReadForgotten(StrictObject fields)
    {
        uint? epoch = fields.Number("epoch", required: true);
        IPAddress? address = fields.Address("address");
        string? port = fields.Text("port");
        string? by = fields.Text("by", required: true);
        fields.Close();
        return epoch is null || by is null ? null : new Forgotten(epoch.Value, address, port, by);
    }

    private static AddressPool ReadPool(StrictObject fields)
    {
        var pool = new AddressPool
        {
            Range = fields.Range("range"),
            Range6 = fields.Range("range6"),
            Gateway = fields.Flag("gateway") ?? true,
            Dns = fields.Addresses("dns"),
            Routes = fields.Objects("routes", ReadPoolRoute),
            Mtu = fields.Number("mtu", ModelLimits.PoolMtuMin, ModelLimits.PoolMtuMax),
            Domain = fields.Text("domain"),
            LeaseSeconds = fields.Number("leaseSeconds", ModelLimits.LeaseSecondsMin, ModelLimits.LeaseSecondsMax) ?? AddressPool.DefaultLeaseSeconds,
        };
        fields.Close();
        return pool;
    }

    private static PoolRoute? ReadPoolRoute(StrictObject fields)
    {
        IPNetwork? prefix = fields.Prefix("prefix", required: true);
        IPAddress? nextHop = fields.Address("nextHop", required: true);
        fields.Close();
        return prefix is null || nextHop is null ? null : new PoolRoute(prefix.Value, nextHop);
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
        MigrationTarget? target = fields.Object("migratingTo", ReadMigrationTarget);
        MacAddress? mac = fields.Mac("mac", required: true);
        ImmutableArray<IPAddress> addresses = fields.Addresses("addresses");
        ImmutableArray<IPAddress> leases = ReadLeases(fields, options);
        var learning = (LearningMode?)fields.Word("learning", ResourceWords.LearningModes);
        uint limit = fields.Number("dynamicAddressLimit", 0, ModelLimits.DynamicAddresses) ?? Port.DefaultDynamicAddressLimit;
        LearningSources sources = ReadLearningSources(fields);
        bool dhcpGuard = fields.Flag("dhcpGuard") ?? false;
        bool routerGuard = fields.Flag("routerGuard") ?? false;
        uint stormLimit = fields.Number("stormLimit") ?? 0;
        fields.NotInThisVersion("macSpoofing");
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
                MigratingTo = target,
                Mac = mac.Value,
                Addresses = addresses,
                Leases = leases,
                Learning = learning,
                DynamicAddressLimit = limit,
                LearningSources = sources,
                DhcpGuard = dhcpGuard,
                RouterGuard = routerGuard,
                StormLimit = stormLimit,
            };
    }

    private static MigrationTarget? ReadMigrationTarget(StrictObject fields)
    {
        string? host = fields.Text("host", required: true);
        string? interfaceName = fields.Text("interface");
        fields.Close();
        return host is null ? null : new MigrationTarget(host, interfaceName);
    }

    /// <summary>Shown by the controller and kept by it, never taken from anybody.</summary>
    private static ImmutableArray<IPAddress> ReadLeases(StrictObject fields, ResourceReadOptions options)
    {
        if (options.Stored)
        {
            return fields.Addresses("leases");
        }

        fields.ReadOnly("leases", "comes from the subnet's pool, and is not written", "remove it; write addresses for those of the VM's own");
        return [];
    }

    private static LearningSources ReadLearningSources(StrictObject fields) =>
        fields.Has("learningSources")
            ? fields.Words("learningSources", ResourceWords.LearningSources).Aggregate(LearningSources.None, static (all, bit) => all | (LearningSources)(1 << bit))
            : LearningSources.All;

    private static LookupRecord? ReadLookupRecord(StrictObject fields, ResourceReadOptions options)
    {
        string? name = Name(fields, options, required: false);
        string? tenant = Tenant(fields, options);
        uint? vsid = fields.Number("vsid", VirtualSubnetId.Min, VirtualSubnetId.Max, required: true);
        IPAddress? customer = fields.Address("customerAddress", required: true);
        MacAddress? mac = fields.Mac("mac", required: true);
        IPAddress? provider = fields.Address("providerAddress", required: true);
        var type = (LookupRecordType)(fields.Word("type", ResourceWords.RecordTypes) ?? 0);
        string? customerId = fields.Text("customerId");
        string? context = fields.Text("context");
        string? vmName = fields.Text("vmName");
        ReadRule(fields);
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
                CustomerId = customerId,
                Context = context,
                VmName = vmName,
            };
    }

    /// <summary>How frames get to the provider address: encapsulated, which need not be said.</summary>
    private static void ReadRule(StrictObject fields)
    {
        if (fields.Word("rule", ResourceWords.Rules) is > 0 and var rule)
        {
            fields.Add(
                "rule", $"{ResourceWords.Rules[rule]} is not carried: " + (ResourceWords.Rules[rule] == "nat"
                    ? "it rewrites addresses instead of encapsulating, so no frame says which virtual subnet it belongs to, and each VM takes a provider address"
                    : "it means that no frame is sent there"),
                ResourceWords.Rules[rule] == "nat" ? "write encap, or leave it out; the other side has to be set to TranslationMethodEncap, too" : "leave the record out");
        }

        if (fields.Flag("useVmMacAddress") == true)
        {
            fields.Add("useVmMacAddress", "goes with the rule nat only, which is not carried", "remove it");
        }
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
