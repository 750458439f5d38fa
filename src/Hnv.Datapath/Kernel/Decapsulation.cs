using System.Collections.Immutable;
using System.Net.Sockets;
using Hnv.Datapath.Ports;

namespace Hnv.Datapath.Kernel;

/// <summary>
/// How frames from the wire come into ports of one kind, on this kernel. At a tap this holds for TCP and for super-packets; what is neither goes through
/// the device (docs/design/datapath.md, Delivery).
/// </summary>
/// <param name="Provider">Family of the outer addresses.</param>
/// <param name="Customer">Family of the tenant's.</param>
/// <param name="Device">VethPeer, or Normalise for taps.</param>
public sealed record Decapsulation(AddressFamily Provider, AddressFamily Customer, PortDevice Device, DecapsulationWay Way)
{
    private static readonly ImmutableArray<AddressFamily> s_families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    /// <param name="unwraps">Whether the normaliser uses segment routing.</param>
    internal static ImmutableArray<Decapsulation> All(KernelFeatures features, bool unwraps) =>
    [
        .. from provider in s_families
           from device in (PortDevice[])[PortDevice.VethPeer, PortDevice.Normalise]
           from customer in s_families
           select new Decapsulation(provider, customer, device, Choose(features, unwraps, device, provider == customer)),
    ];

    private static DecapsulationWay Choose(KernelFeatures features, bool unwraps, PortDevice device, bool familyStays) => device switch
    {
        PortDevice.VethPeer when familyStays || features.Has(KernelFeature.DecapsulationFamily) => DecapsulationWay.Peer,
        PortDevice.VethPeer => DecapsulationWay.ChangeProtocol,
        _ => unwraps ? DecapsulationWay.SegmentRouting : DecapsulationWay.SegmentAndMerge,
    };
}

/// <summary>The ways that a decapsulated frame can take.</summary>
public enum DecapsulationWay
{
    /// <summary>Straight into the VM's namespace.</summary>
    Peer,

    /// <summary>The same, after the packet's family was changed by a helper of its own (bpf_skb_change_proto).</summary>
    ChangeProtocol,

    /// <summary>Through the kernel's segment routing, which clears the tunnel state: super-packets stay whole.</summary>
    SegmentRouting,

    /// <summary>Cut into segments and merged again.</summary>
    SegmentAndMerge,
}
