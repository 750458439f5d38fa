using System.Net.Sockets;
using Hnv.Model.Resources;

namespace Hnv.Wire.Tests;

/// <summary>The one place that knows what an encapsulation leaves of a packet.</summary>
public sealed class EncapsulationFormTests
{
    [Theory]
    [InlineData(Encapsulation.Nvgre, AddressFamily.InterNetwork, 42)]
    [InlineData(Encapsulation.Nvgre, AddressFamily.InterNetworkV6, 62)]
    [InlineData(Encapsulation.Vxlan, AddressFamily.InterNetwork, 50)]
    [InlineData(Encapsulation.Vxlan, AddressFamily.InterNetworkV6, 70)]
    public void Room_IsWhatTheBuilderPutsInFrontOfTheTenantsPacket(Encapsulation encapsulation, AddressFamily family, int room)
    {
        EncapsulationForm form = new(encapsulation, family);
        Assert.Equal(room, form.Room);

        byte[] inner = PacketBuilder.Ethernet(default, default).IPv4(Samples.Ca5, Samples.Ca7).Udp(1, 2).Payload(new byte[10]).ToArray();
        PacketBuilder outer = PacketBuilder.Ethernet(default, default);
        outer = family == AddressFamily.InterNetwork ? outer.IPv4(Samples.Pa11, Samples.Pa11) : outer.IPv6(Samples.Ca5V6, Samples.Ca7V6);
        byte[] frame = (encapsulation == Encapsulation.Nvgre ? outer.Nvgre(5001) : outer.UdpWithoutChecksum(49152, VxlanHeader.Port).Vxlan(5001)).Frame(inner).ToArray();
        Assert.Equal(room, (frame.Length - EthernetHeader.UntaggedLength) - (inner.Length - EthernetHeader.UntaggedLength));
    }

    [Fact]
    public void All_EveryEncapsulationOverEitherFamily_IsThereOnce() => Assert.Equal(
        ["Nvgre over IPv4", "Nvgre over IPv6", "Vxlan over IPv4", "Vxlan over IPv6"],
        EncapsulationForm.All.Select(static f => f.ToString()).Order(StringComparer.Ordinal));

    [Fact]
    public void ValueOfAModel_IsNvgre_ForMapsOfTheLayoutBeforeMeanThat() => Assert.Equal(Encapsulation.Nvgre, default);
}
