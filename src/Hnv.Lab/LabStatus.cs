using System.Collections.Immutable;
using System.Net;

namespace Hnv.Lab;

/// <summary>How a lab is: its parts, and what is wrong with them.</summary>
public sealed record LabStatus(
    string Name, string Directory, string File, string ControllerAddress, string? ControllerUrl, bool Ok,
    ImmutableArray<LabPartStatus> Parts, ImmutableArray<LabVmStatus> Vms);

/// <summary>A process of the lab.</summary>
/// <param name="State">running or stopped.</param>
public sealed record LabPartStatus(string Name, string? Namespace, string State, int? Pid, string Log);

/// <summary>A VM of the lab.</summary>
/// <param name="State">Its port's state as the controller knows it; <c>missing</c> where the namespace or adapter is gone.</param>
public sealed record LabVmStatus(
    string Name, string Namespace, string Host, string Port, uint Vsid, ImmutableArray<IPAddress> Addresses, string State);
