using System.Net.Sockets;
using Hnv.Model.Resources;

namespace Hnv.Wire;

/// <summary>A form in which a tenant's frame travels: the encapsulation of its VM network, over one family of provider addresses.</summary>
public readonly record struct EncapsulationForm(Encapsulation Encapsulation, AddressFamily Family)
{
    /// <summary>Every form there is.</summary>
    public static IEnumerable<EncapsulationForm> All =>
        Enum.GetValues<Encapsulation>().SelectMany(static e => (EncapsulationForm[])[new(e, AddressFamily.InterNetwork), new(e, AddressFamily.InterNetworkV6)]);

    /// <summary>Bytes of an outer IP packet that are not the tenant's IP packet: both IP-level headers and the tenant's Ethernet header.</summary>
    public int Room =>
        (Family == AddressFamily.InterNetworkV6 ? IPv6Header.Length : IPv4Header.MinLength)
        + (Encapsulation == Encapsulation.Vxlan ? UdpHeader.Length + VxlanHeader.Length : NvgreHeader.Length)
        + EthernetHeader.UntaggedLength;

    public override string ToString() => $"{Encapsulation} over {(Family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}";
}
