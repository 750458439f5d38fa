using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Api.Rest;

/// <summary>
/// The policy's answer to "what happens to a packet from subnet V to this address": as <c>Select-NetVirtualizationNextHop</c>.
/// </summary>
/// <param name="Verdict">Name from the verdict list: <c>DeliveredLocal</c>, <c>Encapsulated</c>, or the drop's.</param>
/// <param name="Drop">True when the packet would be dropped.</param>
/// <param name="Reason">The verdict in words.</param>
/// <param name="Route">The route that won; null with <c>VirtualRouteMissing</c>.</param>
/// <param name="NextHop">The customer address the route leads to; the destination itself on-link.</param>
/// <param name="Vsid">The destination's virtual subnet: what the wire carries.</param>
public sealed record NextHopAnswer(
    string Verdict, bool Drop, string Reason, CustomerRouteView? Route, IPAddress? NextHop, RecordView? Record, uint? Vsid,
    IPAddress? ProviderAddress, MacAddress? Mac, bool Routed);
