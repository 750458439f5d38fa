using System.Net.Sockets;
using Hnv.Api.Reports;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Learning;

/// <summary>Whether policy lets a port hold an address, and where that port is.</summary>
internal static class LearnedRules
{
    /// <summary>
    /// Epochs by which a host may be ahead of its subnet: it heard of them from a controller that is further, or before the cloud was restored from
    /// a backup. Any more is a host that lies or is broken, and nothing that it says could be forgotten again.
    /// </summary>
    public const uint MaxEpochAhead = 1 << 16;

    /// <summary>Moves of an address within one epoch at most: one every 5 ms for four months. The programs' own counters stop at the end of their range.</summary>
    public const uint MaxCounter = int.MaxValue;

    private const ulong VirtualRouter4 = 0x00_00_5e_00_01_00;
    private const ulong VirtualRouter6 = 0x00_00_5e_00_02_00;

    /// <summary>The record that follows from a host's claim.</summary>
    /// <returns>Null where the host may not say that; then <paramref name="refusal"/> tells why.</returns>
    public static LearnedRecord? Admit(CloudState state, Guid network, string host, LearnedClaim claim, out string? refusal)
    {
        refusal = claim.Port?.Split('/') is [var tenant, var name] && state.Model.FindPort(tenant, name) is { } port && port.Places.Any(p => p.Host == host)
            ? Judge(state.Model, network, port, new LearnedKey(claim.Vsid, claim.Address), claim.Mac, claim.Epoch, claim.Counter)
            : $"no port '{claim.Port}' is on host {host}";
        return refusal is not null
            ? null
            : new LearnedRecord(
                new LearnedKey(claim.Vsid, claim.Address), claim.Mac, claim.Port!, host, HostAddresses.Of(state.Model, host), host, claim.Source,
                claim.LearnedAt, claim.Epoch, claim.Counter, claim.Unusable);
    }

    /// <summary>A record as policy has it now: its port may have moved, and may not learn any more.</summary>
    /// <returns>Null when it is to go; then <paramref name="reason"/> tells why.</returns>
    public static LearnedRecord? Review(CloudState state, Guid network, LearnedRecord record, out string? reason)
    {
        string[] parts = record.Port.Split('/');
        if (state.Model.FindPort(parts[0], parts[1]) is not { Host: { } home } port)
        {
            reason = $"port {record.Port} is gone";
            return null;
        }

        // While it moves a port is on both hosts, and where its address was heard last.
        string host = port.Places.Any(p => p.Host == record.Host) ? record.Host : home;
        reason = Judge(state.Model, network, port, record.Key, record.Mac, record.Epoch, record.Counter);
        HostAddresses? addresses = HostAddresses.Of(state.Model, host);
        return reason is not null ? null
            : record.Host == host && record.Addresses == addresses ? record
            : record with { Host = host, Addresses = addresses };
    }

    /// <summary>Of two hosts that a moving port is on, and that say the same of it, the one that it moves to is right.</summary>
    public static bool IsMovingTo(CloudModel model, LearnedRecord record) =>
        record.Port.Split('/') is [var tenant, var name] && model.FindPort(tenant, name)?.MigratingTo?.Host == record.Host;

    /// <summary>Addresses that a port may have here at most. A host enforces its limit; this bounds what one that lies can cost.</summary>
    public static int BoundOf(Port port) => (int)(2 * Math.Min(port.DynamicAddressLimit, ModelLimits.DynamicAddresses));

    private static string? Judge(CloudModel model, Guid network, Port port, LearnedKey key, MacAddress mac, uint epoch, uint counter)
    {
        if (port.Vsid != key.Vsid || model.FindSubnet(key.Vsid) is not { } subnet || subnet.Network.RoutingDomainId != network || subnet.Network.Id != port.VmNetworkId)
        {
            return $"port {port.Tenant}/{port.Name} is not in virtual subnet {key.Vsid} of network {network}";
        }

        if (!port.Learns(subnet.Subnet))
        {
            return $"port {port.Tenant}/{port.Name} does not learn";
        }

        bool within = key.Address.IsIPv6LinkLocal
            ? key.Address.ScopeId == 0 && SubnetAddressing.PrefixOf(subnet.Subnet, AddressFamily.InterNetworkV6) is not null
            : !key.Address.IsIPv4MappedToIPv6 && SubnetAddressing.Contains(subnet.Subnet, key.Address);
        if (!within)
        {
            return $"{key.Address} is not in virtual subnet {key.Vsid}";
        }

        if (SubnetAddressing.GatewayOf(subnet.Subnet, key.Address.AddressFamily) is { } gateway && gateway.Equals(key.Address))
        {
            return $"{key.Address} is the distributed gateway's";
        }

        ulong router = key.Address.AddressFamily == AddressFamily.InterNetwork ? VirtualRouter4 : VirtualRouter6;
        if (mac != port.Mac && (mac.Value & ~0xffUL) != router)
        {
            return $"{mac} is neither the MAC of port {port.Tenant}/{port.Name} nor a virtual router's";
        }

        if (epoch > (ulong)subnet.Subnet.LearningEpoch + MaxEpochAhead)
        {
            return $"version {epoch}.{counter} is of an epoch that no host was told: virtual subnet {key.Vsid} is in epoch {subnet.Subnet.LearningEpoch}";
        }

        if (counter > MaxCounter)
        {
            return $"version {epoch}.{counter} says of more moves than an address can make: forget {key.Address}, and it begins anew";
        }

        if (subnet.Subnet.Forgotten.LastOrDefault(f => f.Covers(key.Address, $"{port.Tenant}/{port.Name}", epoch)) is { } forgotten)
        {
            return $"forgotten by {forgotten.By}: it counts when it is proved anew";
        }

        return RecordPrecedence.Effective(model, key.Vsid, key.Address) is { } policy
            ? $"policy gives {key.Address} to {(policy.Port is { } p ? $"port {p.Tenant}/{p.Name}" : $"record {policy.Record!.Name}")}"
            : null;
    }
}
