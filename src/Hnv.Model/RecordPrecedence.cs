using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model;

/// <summary>Where a lookup record comes from, in order of precedence: the lowest value wins.</summary>
public enum RecordSource
{
    /// <summary>An address written at a port, or leased to it.</summary>
    Port,

    /// <summary>A <see cref="LookupRecord"/> that an operator wrote.</summary>
    Explicit,

    /// <summary>Learned from the VM by its host.</summary>
    Learned,
}

/// <summary>The lookup record that answers for a customer address, and what it comes from.</summary>
/// <param name="ProviderAddress">Null while the port is on no host, or its host has no provider address.</param>
/// <param name="Port">The port it comes from; null for an explicit one.</param>
/// <param name="Record">The explicit record it comes from; null for a port's.</param>
public sealed record EffectiveRecord(
    uint Vsid, IPAddress CustomerAddress, MacAddress Mac, IPAddress? ProviderAddress, LookupRecordType Type, RecordSource Source,
    Port? Port, LookupRecord? Record);

/// <summary>Which of several records of one (VSID, customer address) counts: port, then explicit, then learned.</summary>
public static class RecordPrecedence
{
    /// <summary>The record that answers for the address, or null. Learned records are the hosts' and not in the model.</summary>
    public static EffectiveRecord? Effective(CloudModel model, uint vsid, IPAddress customerAddress)
    {
        if (model.PortsAt(vsid, customerAddress) is [var port, ..])
        {
            return FromPort(model, port, customerAddress);
        }

        return model.RecordsAt(vsid, customerAddress) is [var record, ..] ? FromRecord(record) : null;
    }

    /// <summary>Every record of a subnet that won, ordered by address family and address.</summary>
    public static IEnumerable<EffectiveRecord> EffectiveIn(CloudModel model, uint vsid)
    {
        IEnumerable<EffectiveRecord> ports = model.PortsIn(vsid).SelectMany(p => p.AllAddresses.Select(a => FromPort(model, p, a)));
        IEnumerable<EffectiveRecord> records = model.RecordsIn(vsid).Select(FromRecord);
        return ports.Concat(records)
            .GroupBy(static r => r.CustomerAddress)
            .Select(static g => g.MinBy(static r => r.Source)!)
            .OrderBy(static r => r.CustomerAddress.AddressFamily).ThenBy(static r => r.CustomerAddress.ToNumber());
    }

    /// <summary>The provider address a port is reached at by hosts that have IPv4: its host's preferred one; null while there is none.</summary>
    public static IPAddress? ProviderAddressOf(CloudModel model, Port port) =>
        port.Host is { } name ? model.FindHost(name)?.AddressFor(AddressFamily.InterNetwork) : null;

    /// <summary>Negative when a record from <paramref name="a"/> wins over one from <paramref name="b"/>.</summary>
    public static int Compare(RecordSource a, RecordSource b) => a.CompareTo(b);

    private static EffectiveRecord FromPort(CloudModel model, Port port, IPAddress address) =>
        new(port.Vsid, address, port.Mac, ProviderAddressOf(model, port), LookupRecordType.Static, RecordSource.Port, port, null);

    private static EffectiveRecord FromRecord(LookupRecord r) =>
        new(r.Vsid, r.CustomerAddress, r.Mac, r.ProviderAddress, r.Type, RecordSource.Explicit, null, r);
}
