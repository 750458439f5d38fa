using System.Net;
using System.Net.Sockets;
using Hnv.Api.Rest;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>
/// The way of a frame as policy sees it, with the data plane's names for what becomes of it. Asks nobody: what stands in a kernel is
/// the host's to say.
/// </summary>
internal static class NextHop
{
    /// <param name="from">The sender; null: any VM of the subnet, on another host than the destination.</param>
    public static NextHopAnswer Find(CloudModel model, SubnetRef subnet, IPAddress to, IPAddress? from)
    {
        VmNetwork network = subnet.Network;
        EffectiveRecord? source = null;
        if (from is not null && (source = RecordPrecedence.Effective(model, subnet.Subnet.Vsid, from)) is null)
        {
            return Drop("SourceRecordMissing", $"nobody in subnet {subnet.Subnet.Vsid} has {from}");
        }

        if (IsGroup(to))
        {
            return Drop("FloodingDisabled", $"{to} is a group or broadcast address, and the subnet does not flood");
        }

        if (network.Subnets.Any(s => to.Equals(SubnetAddressing.GatewayOf(s, to.AddressFamily))))
        {
            return new NextHopAnswer("GatewayEchoAnswered", false, $"{to} is the distributed gateway: the sender's own host answers", null, to, null, subnet.Subnet.Vsid, null, null, false);
        }

        CustomerRouteView? route = CloudViews.Routes(model, network)
            .Where(r => r.Condition != RouteConditions.Superseded && r.Vsid is not null
                && r.Prefix.BaseAddress.AddressFamily == to.AddressFamily && r.Prefix.Contains(to))
            .MaxBy(static r => r.Prefix.PrefixLength);
        if (route is null)
        {
            return Drop("VirtualRouteMissing", $"no customer route of {network.Id} covers {to}");
        }

        IPAddress nextHop = route.NextHop ?? to;
        uint vsid = route.Vsid!.Value;
        bool routed = vsid != subnet.Subnet.Vsid || route.NextHop is not null;
        if (RecordPrecedence.Effective(model, vsid, nextHop) is not { } record)
        {
            return Drop("DestinationRecordMissing", $"nobody in subnet {vsid} has {nextHop}") with { Route = route, NextHop = nextHop, Vsid = vsid, Routed = routed };
        }

        NextHopAnswer answer = new(
            "Encapsulated", false, $"goes to {record.ProviderAddress}", route, nextHop, CloudViews.Record(model, record), vsid, record.ProviderAddress, record.Mac, routed);
        if (source?.Port?.Host is { } host && host == record.Port?.Host)
        {
            return answer with { Verdict = "DeliveredLocal", Reason = $"both are on {host}: delivered without the wire" };
        }

        return record.ProviderAddress is null
            ? answer with { Verdict = "RecordUnusable", Drop = true, Reason = $"{nextHop} is at {record.Port?.Id}, which is on no host that can be reached" }
            : answer;
    }

    private static NextHopAnswer Drop(string verdict, string reason) => new(verdict, true, reason, null, null, null, null, null, null, false);

    private static bool IsGroup(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.IsIPv6Multicast
        : address.GetAddressBytes()[0] >= 224;
}
