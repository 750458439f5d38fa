using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>Types of lookup records, with the numbers of the NetWNV cmdlets.</summary>
public enum LookupRecordType
{
    /// <summary>The customer address of the VM with that MAC.</summary>
    Static = 0,

    /// <summary>Learned from the VM.</summary>
    Dynamic = 1,

    /// <summary>Customer address 0.0.0.0 or ::; the VM with that MAC is a gateway and may send from any address.</summary>
    GatewayWildcard = 2,

    /// <summary>Customer address 0.0.0.0 or ::; the VM brings its own addresses.</summary>
    L2Only = 3,
}

/// <summary>
/// An explicit lookup record: (VSID, CA, MAC) → PA, for third-party endpoints and scripts. Its name is VSID-CA unless given
/// (<see cref="DerivedNames"/>).
/// </summary>
public sealed record LookupRecord : TenantResource
{
    public required uint Vsid { get; init; }

    public required IPAddress CustomerAddress { get; init; }

    public required MacAddress Mac { get; init; }

    public required IPAddress ProviderAddress { get; init; }

    public LookupRecordType Type { get; init; }

    /// <summary>Whose VM it is, in words of the operator's; without effect, as <see cref="Context"/> and <see cref="VmName"/>.</summary>
    public string? CustomerId { get; init; }

    /// <summary>A remark.</summary>
    public string? Context { get; init; }

    /// <summary>What the VM is called.</summary>
    public string? VmName { get; init; }

    public override ResourceId Id => new(ResourceKind.LookupRecord, Tenant, Name);
}
