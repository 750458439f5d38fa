using Hnv.Datapath.Layouts;

namespace Hnv.Datapath.Ports;

/// <summary>A port as it stands in the kernel.</summary>
/// <param name="IsGuarded">
/// Whether the host's own stack is kept from sending into it. Not where somebody put an ingress qdisc on the interface (libvirt's
/// bandwidth limits do): the guard needs clsact, which cannot stand beside one.
/// </param>
public sealed record BoundPort(int InterfaceIndex, PortEntry Entry, bool IsGuarded);
