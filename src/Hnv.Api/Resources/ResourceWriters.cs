using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>Field by field from resources to JSON, in the documented order.</summary>
internal static class ResourceWriters
{
    /// <param name="stored">Whether to write what is neither written by users nor shown with the object.</param>
    public static void WriteFields(Utf8JsonWriter writer, Resource resource, bool stored)
    {
        writer.WriteString("kind", ResourceKinds.Of(resource.Id.Kind).Name);
        writer.WriteString("name", resource.Name);
        if (resource is TenantResource { Tenant: var tenant })
        {
            writer.WriteString("tenant", tenant);
        }

        switch (resource)
        {
            case Host host:
                Write(writer, host);
                break;
            case ProviderEndpoint endpoint:
                writer.WriteString("providerAddress", endpoint.ProviderAddress.ToString());
                writer.WriteString("flowId", ResourceWords.Of(endpoint.FlowId));
                break;
            case VmNetwork network:
                Write(writer, network, stored);
                break;
            case Port port:
                Write(writer, port);
                break;
            case LookupRecord record:
                writer.WriteNumber("vsid", record.Vsid);
                writer.WriteString("customerAddress", record.CustomerAddress.ToString());
                writer.WriteString("mac", record.Mac.ToString());
                writer.WriteString("providerAddress", record.ProviderAddress.ToString());
                writer.WriteString("type", ResourceWords.Of(record.Type));
                WriteText(writer, "customerId", record.CustomerId);
                WriteText(writer, "context", record.Context);
                WriteText(writer, "vmName", record.VmName);
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, Host host)
    {
        if (!host.ProviderAddresses.IsDefaultOrEmpty)
        {
            writer.WriteStartArray("providerAddresses");
            foreach (IPAddress address in host.ProviderAddresses)
            {
                if (host.TermsOf(address) is not { } terms)
                {
                    writer.WriteStringValue(address.ToString());
                    continue;
                }

                writer.WriteStartObject();
                writer.WriteString("address", address.ToString());
                WriteNumber(writer, "prefixLength", terms.PrefixLength);
                WriteNumber(writer, "vlan", terms.Vlan);
                WriteText(writer, "mac", terms.Mac?.ToString());
                WriteText(writer, "uplink", terms.Uplink);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        WriteObjects(writer, "providerRoutes", host.ProviderRoutes, route =>
        {
            writer.WriteString("prefix", route.Prefix.ToString());
            WriteText(writer, "nextHop", route.NextHop?.ToString());
            WriteText(writer, "uplink", route.Uplink);
            writer.WriteNumber("metric", route.Metric);
        });
    }

    private static void WriteNumber(Utf8JsonWriter writer, string field, uint? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(field, number);
        }
    }

    private static void Write(Utf8JsonWriter writer, VmNetwork network, bool stored)
    {
        if (network.RoutingDomainId != Guid.Empty)
        {
            writer.WriteString("routingDomainId", network.RoutingDomainId.ToString("B"));
        }

        writer.WriteString("encapsulation", ResourceWords.Of(network.Encapsulation));
        WriteFlag(writer, "useExternalRouter", network.UseExternalRouter, standard: false);
        WriteObjects(writer, "subnets", network.Subnets, subnet =>
        {
            writer.WriteNumber("vsid", subnet.Vsid);
            WriteText(writer, "name", subnet.Name);
            WriteTexts(writer, "prefixes", subnet.Prefixes, keepEmpty: true);
            WriteTexts(writer, "gateways", subnet.Gateways);
            WriteLearning(writer, subnet);
            if (stored)
            {
                WriteForgotten(writer, subnet);
            }
        });
        WriteObjects(writer, "routes", network.Routes, route =>
        {
            writer.WriteString("prefix", route.Prefix.ToString());
            writer.WriteString("nextHop", route.NextHop.ToString());
            writer.WriteNumber("metric", route.Metric);
        });
    }

    private static void Write(Utf8JsonWriter writer, Port port)
    {
        writer.WriteString("vmNetwork", port.VmNetwork);
        writer.WriteNumber("vsid", port.Vsid);
        WriteText(writer, "host", port.Host);
        WriteText(writer, "interface", port.Interface);
        if (port.MigratingTo is { } target)
        {
            writer.WriteStartObject("migratingTo");
            writer.WriteString("host", target.Host);
            WriteText(writer, "interface", target.Interface);
            writer.WriteEndObject();
        }

        writer.WriteString("mac", port.Mac.ToString());
        WriteTexts(writer, "addresses", port.Addresses);
        WriteTexts(writer, "leases", port.Leases);
        WriteText(writer, "learning", port.Learning is { } learning ? ResourceWords.Of(learning) : null);
        WriteNumber(writer, "dynamicAddressLimit", port.DynamicAddressLimit, Port.DefaultDynamicAddressLimit);
        if (port.LearningSources != LearningSources.All)
        {
            WriteTexts(
                writer, "learningSources",
                [.. ResourceWords.LearningSources.Where((_, bit) => port.LearningSources.HasFlag((LearningSources)(1 << bit)))],
                keepEmpty: true);
        }

        WriteFlag(writer, "dhcpGuard", port.DhcpGuard, standard: false);
        WriteFlag(writer, "routerGuard", port.RouterGuard, standard: false);
        WriteNumber(writer, "stormLimit", port.StormLimit, 0);
    }

    private static void WriteLearning(Utf8JsonWriter writer, VirtualSubnet subnet)
    {
        WriteText(writer, "learning", subnet.Learning == default ? null : ResourceWords.Of(subnet.Learning));
        WriteNumber(writer, "learningAge", subnet.LearningAge, VirtualSubnet.DefaultLearningAge);
        WriteText(writer, "flooding", subnet.Flooding == default ? null : ResourceWords.Of(subnet.Flooding));
        WriteText(writer, "multicastGroup", subnet.MulticastGroup?.ToString());
        WriteText(writer, "routerAdvertisements", subnet.RouterAdvertisements is { } mode ? ResourceWords.Of(mode) : null);
        if (subnet.Pool is { } pool)
        {
            writer.WritePropertyName("pool");
            Write(writer, pool);
        }
    }

    private static void WriteForgotten(Utf8JsonWriter writer, VirtualSubnet subnet)
    {
        WriteNumber(writer, "learningEpoch", subnet.LearningEpoch, 0);
        WriteObjects(writer, "forgotten", subnet.Forgotten, forgotten =>
        {
            writer.WriteNumber("epoch", forgotten.Epoch);
            WriteText(writer, "address", forgotten.Address?.ToString());
            WriteText(writer, "port", forgotten.Port);
            writer.WriteString("by", forgotten.By);
        });
    }

    public static void Write(Utf8JsonWriter writer, AddressPool pool)
    {
        writer.WriteStartObject();
        WriteText(writer, "range", pool.Range?.ToString());
        WriteText(writer, "range6", pool.Range6?.ToString());
        WriteFlag(writer, "gateway", pool.Gateway, standard: true);
        WriteTexts(writer, "dns", pool.Dns);
        WriteObjects(writer, "routes", pool.Routes, route =>
        {
            writer.WriteString("prefix", route.Prefix.ToString());
            writer.WriteString("nextHop", route.NextHop.ToString());
        });
        WriteNumber(writer, "mtu", pool.Mtu);
        WriteText(writer, "domain", pool.Domain);
        WriteNumber(writer, "leaseSeconds", pool.LeaseSeconds, AddressPool.DefaultLeaseSeconds);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string field, uint value, uint standard)
    {
        if (value != standard)
        {
            writer.WriteNumber(field, value);
        }
    }

    private static void WriteFlag(Utf8JsonWriter writer, string field, bool value, bool standard)
    {
        if (value != standard)
        {
            writer.WriteBoolean(field, value);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, string field, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(field, text);
        }
    }

    private static void WriteTexts<T>(Utf8JsonWriter writer, string field, ImmutableArray<T> items, bool keepEmpty = false)
        where T : notnull
    {
        if (items.IsDefaultOrEmpty && !keepEmpty)
        {
            return;
        }

        writer.WriteStartArray(field);
        foreach (T item in items.AsSpan())
        {
            writer.WriteStringValue(item.ToString());
        }

        writer.WriteEndArray();
    }

    /// <summary>An array of objects; nothing where there are none.</summary>
    /// <param name="writeFields">What is between the braces of one.</param>
    private static void WriteObjects<T>(Utf8JsonWriter writer, string field, ImmutableArray<T> items, Action<T> writeFields)
    {
        if (items.IsDefaultOrEmpty)
        {
            return;
        }

        writer.WriteStartArray(field);
        foreach (T item in items)
        {
            writer.WriteStartObject();
            writeFields(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
