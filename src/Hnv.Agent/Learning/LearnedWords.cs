using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Learning;

/// <summary>The kernel's words and the API's.</summary>
internal static class LearnedWords
{
    /// <summary>Null for what was not proved on this host.</summary>
    public static AddressSource? ToApi(this LearnSource source) => source switch
    {
        LearnSource.Arp => AddressSource.Arp,
        LearnSource.NeighborDiscovery => AddressSource.Nd,
        LearnSource.Slaac => AddressSource.Slaac,
        LearnSource.Dhcp => AddressSource.Dhcp,
        LearnSource.DhcpV6 => AddressSource.Dhcpv6,
        _ => null,
    };

    public static LearnSource ToKernel(this AddressSource source) => source switch
    {
        AddressSource.Nd => LearnSource.NeighborDiscovery,
        AddressSource.Slaac => LearnSource.Slaac,
        AddressSource.Dhcp => LearnSource.Dhcp,
        AddressSource.Dhcpv6 => LearnSource.DhcpV6,
        _ => LearnSource.Arp,
    };

    /// <summary>Null for a kind of a later version.</summary>
    public static RecordEventKind? ToApi(this LearnEventKind kind) => kind switch
    {
        LearnEventKind.Added => RecordEventKind.Added,
        LearnEventKind.Deleted => RecordEventKind.Deleted,
        LearnEventKind.PreMovement => RecordEventKind.PreMovement,
        LearnEventKind.PostMovement => RecordEventKind.PostMovement,
        LearnEventKind.MarkedUsable => RecordEventKind.MarkedUsable,
        LearnEventKind.Throttled => RecordEventKind.Throttled,
        LearnEventKind.NearThreshold => RecordEventKind.NearThreshold,
        _ => null,
    };
}
