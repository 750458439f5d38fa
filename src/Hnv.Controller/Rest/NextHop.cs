using System.Net;
using System.Net.Sockets;
using Hnv.Api.Rest;
using Hnv.Controller.Learning;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>
/// The way of a frame as policy sees it, and what hosts learned where policy says nothing, with the data plane's names for what becomes
/// of it. Asks nobody: what stands in a kernel is the host's to say.
/// </summary>
internal static class NextHop
{
    /// <param name="from">The sender; null: any VM of the subnet, on another host than the destination.</param>
    public static NextHopAnswer Find(CloudModel model, LearnedStore learned, SubnetRef subnet, IPAddress to, IPAddress? from)
    {
        VmNetwork network = subnet.Network;
        RecordView? source = null;
        if (from is not null && (source = CloudViews.RecordOf(model, learned, network, subnet.Subnet.Vsid, from)) is null)
        {
            return Drop("SourceRecordMissing", Nobody(subnet.Subnet, from));
        }

        if (IsGroup(to))
        {
            if (subnet.Subnet.Flooding != FloodingMode.None)
            {
                return new NextHopAnswer("Flooded", false, $"{to} is a group or broadcast address: every member of the subnet gets a copy", null, to, null, subnet.Subnet.Vsid, null, null, false);
            }

            return Drop("FloodingDisabled", $"{to} is a group or broadcast address, and the subnet does not flood");
        }

        bool Counts(uint? vsid) => !network.UseExternalRouter || vsid == subnet.Subnet.Vsid;
        if (network.Subnets.Any(s => Counts(s.Vsid) && to.Equals(SubnetAddressing.GatewayOf(s, to.AddressFamily))))
        {
            return new NextHopAnswer("GatewayEchoAnswered", false, $"{to} is the distributed gateway: the sender's own host answers", null, to, null, subnet.Subnet.Vsid, null, null, false);
        }

        CustomerRouteView? route = CloudViews.Routes(model, learned, network)
            .Where(r => r.Condition != RouteConditions.Superseded && r.Vsid is not null && Counts(r.Vsid)
                && r.Prefix.BaseAddress.AddressFamily == to.AddressFamily && r.Prefix.Contains(to))
            .MaxBy(static r => r.Prefix.PrefixLength);
        if (route is null)
        {
            return Drop("VirtualRouteMissing", $"no customer route of {(network.UseExternalRouter ? $"subnet {subnet.Subnet.Vsid}" : network.Id)} covers {to}");
        }

        IPAddress nextHop = route.NextHop ?? to;
        uint vsid = route.Vsid!.Value;
        bool routed = vsid != subnet.Subnet.Vsid || route.NextHop is not null;
        if (CloudViews.RecordOf(model, learned, network, vsid, nextHop) is not { } record)
        {
            return Drop("DestinationRecordMissing", Nobody(network.Subnets.First(s => s.Vsid == vsid), nextHop)) with { Route = route, NextHop = nextHop, Vsid = vsid, Routed = routed };
        }

        string how = record.LearnedFrom is { } host ? $"; {host} learned that from its VM" : string.Empty;
        NextHopAnswer answer = new(
            "Encapsulated", false, $"goes to {record.ProviderAddress}{how}", route, nextHop, record, vsid, record.ProviderAddress, record.Mac, routed);
        if (source is { Port: not null, Host: { } home } && record.Port is not null && home == record.Host)
        {
            return answer with { Verdict = "DeliveredLocal", Reason = $"both are on {home}: delivered without the wire{how}" };
        }

        return record.ProviderAddress is null
            ? answer with { Verdict = "RecordUnusable", Drop = true, Reason = $"{nextHop} is at Port {record.Port}, which is on no host that can be reached" }
            : answer;
    }

    private static string Nobody(VirtualSubnet subnet, IPAddress address) => subnet.Learning == LearningMode.Dynamic
        ? $"nobody in subnet {subnet.Vsid} has {address}, by policy or as it was learned"
        : $"nobody in subnet {subnet.Vsid} has {address}";

    private static NextHopAnswer Drop(string verdict, string reason) => new(verdict, true, reason, null, null, null, null, null, null, false);

    private static bool IsGroup(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.IsIPv6Multicast
        : address.GetAddressBytes()[0] >= 224;
}
