using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Cli.Import;

/// <summary>An object of <c>Get-NetVirtualizationLookupRecord</c>. Rule: 0 Nat, 1 Encap, 2 None.</summary>
internal sealed record LookupRow(
    ExportRow Row, IPAddress CustomerAddress, uint Vsid, MacAddress Mac, IPAddress ProviderAddress, uint Rule, LookupRecordType Type,
    string? CustomerId, string? Context, string? VmName, bool UseVmMacAddress);

/// <summary>An object of <c>Get-NetVirtualizationCustomerRoute</c>.</summary>
internal sealed record CustomerRouteRow(ExportRow Row, Guid RoutingDomainId, uint Vsid, IPNetwork Prefix, IPAddress NextHop, uint Metric)
{
    public bool IsOnLink => NextHop.IsUnspecified();
}

/// <summary>An object of <c>Get-NetVirtualizationProviderAddress</c>.</summary>
internal sealed record ProviderAddressRow(ExportRow Row, string? Computer, IPAddress Address, uint? InterfaceIndex, uint PrefixLength, uint Vlan);

/// <summary>An object of <c>Get-NetVirtualizationProviderRoute</c>.</summary>
internal sealed record ProviderRouteRow(ExportRow Row, string? Computer, uint InterfaceIndex, IPNetwork Prefix, IPAddress NextHop, uint Metric);

/// <summary>An object of <c>Get-NetVirtualizationGlobal</c>.</summary>
internal sealed record GlobalRow(ExportRow Row, bool UseExternalRouter);
