using Hnv.Model.Addressing;

namespace Hnv.Agent.Ports;

/// <summary>A port of this host, as people ask for it.</summary>
/// <param name="Name">TENANT/PORT.</param>
/// <param name="Number">Key of its counters.</param>
/// <param name="Interface">Name of the interface policy gives it.</param>
/// <param name="State">One of <see cref="Hnv.Api.Reports.PortStates"/>.</param>
/// <param name="Reason">Why it is not bound.</param>
/// <param name="InterfaceIndex">Where it is bound.</param>
internal sealed record PortState(
    string Name, uint Number, string Interface, uint Vsid, MacAddress Mac, string State, string? Reason, int? InterfaceIndex);
