using System.Net;

namespace Hnv.Wire.Tests;

public sealed class PacketBuilderTests
{
    [Fact]
    public void Nvgre_Echo_IsTheseBytes()
    {
        byte[] onWire = PacketBuilder.Ethernet(Samples.Host11, Samples.Host22)
            .IPv4(Samples.Pa11, Samples.Pa22, h => h with { Flags = IPv4Flags.DontFragment })
            .Nvgre(5001, 0x3f)
            .Frame(Samples.Echo.ToArray()).ToArray();
        Assert.Equal(
            "020000000422020000000411" + "0800"
            + "4500004e00004000402fb10fc0a8040bc0a80416"
            + "2000" + "6558" + "0013893f"
            + "060600000007060600000005" + "0800"
            + "4500002412344000400114" + "9a" + "0a0000050a000007"
            + "0800" + "2cff" + "beef0001" + "0001020304050607",
            Convert.ToHexStringLower(onWire));
    }

    [Fact]
    public void Arp_Request_IsTheseBytes() => Assert.Equal(
        "ffffffffffff060600000005" + "0806" + "0001080006040001" + "0606000000050a000005" + "0000000000000a000007" + new string('0', 36),
        Convert.ToHexStringLower(Samples.Frames["arp"]));

    [Fact]
    public void NeighborSolicitation_IsTheseBytes() => Assert.Equal(
        "3333ff000007060600000005" + "86dd" + "60000000" + "0020" + "3a" + "ff"
        + "20010db8500100000000000000000005" + "ff0200000000000000000001ff000007"
        + "8700" + "780c" + "00000000" + "20010db8500100000000000000000007" + "0101060600000005",
        Convert.ToHexStringLower(Samples.Frames["ns"]));

    [Fact]
    public void Udp_ChecksumThatComputesToZero_IsWrittenAsOnes()
    {
        // The two payload bytes make up for everything else, so that the sum is ffff and its complement zero.
        PacketBuilder udp = PacketBuilder.Empty.IPv4(Samples.Ca5, Samples.Ca7).Udp(1, 2);
        byte[] zero = udp.Payload([0, 0]).ToArray();
        byte[] packet = udp.Payload(zero.AsSpan(26, 2)).ToArray();
        Assert.Equal("ffff", Convert.ToHexStringLower(packet.AsSpan(26, 2)));
    }

    [Fact]
    public void ToArray_AnyUdpOrTcp_ChecksumsAreCorrect() => Generators.ForAll(Generators.Any, data =>
    {
        foreach ((IPAddress from, IPAddress to) in (ReadOnlySpan<(IPAddress, IPAddress)>)[(Samples.Ca5, Samples.Ca7), (Samples.Ca5V6, Samples.Ca7V6)])
        {
            PacketBuilder ip = PacketBuilder.Empty.Ip(from, to);
            int header = from.GetAddressBytes().Length == 4 ? 20 : 40;
            Assert.True(InternetChecksum.IsValid(from, to, IpProtocol.Udp, ip.Udp(1, 2).Payload(data).ToArray().AsSpan(header)));
            Assert.True(InternetChecksum.IsValid(from, to, IpProtocol.Tcp, ip.Tcp(new TcpHeader(1, 2, 3, 4, TcpFlags.Ack)).Payload(data).ToArray().AsSpan(header)));
        }
    });

    [Fact]
    public void ToArray_SharedPrefix_IsNotChangedByWhatFollows()
    {
        PacketBuilder prefix = PacketBuilder.Ethernet(Samples.Vm5, Samples.Vm7).IPv4(Samples.Ca5, Samples.Ca7);
        byte[] udp = prefix.Udp(1, 2).ToArray();
        _ = prefix.Icmp(IcmpV4Type.EchoRequest).ToArray();
        Assert.Equal(udp, prefix.Udp(1, 2).ToArray());
    }

    [Theory]
    [InlineData("fe80::406:ff:fe00:5", "06:06:00:00:00:05")]
    [InlineData("fe80::210:18ff:fe37:8b1c", "00:10:18:37:8b:1c")]
    public void LinkLocal_Mac_IsItsModifiedEui64(string expected, string mac) =>
        Assert.Equal(IPAddress.Parse(expected), IpAddresses.LinkLocal(Model.Addressing.MacAddress.Parse(mac)));

    [Theory]
    [InlineData("239.129.2.3", "01:00:5e:01:02:03")]
    [InlineData("ff02::1:ff00:7", "33:33:ff:00:00:07")]
    public void MulticastMac_Group_IsItsEthernetAddress(string group, string mac) =>
        Assert.Equal(mac, IpAddresses.MulticastMac(IPAddress.Parse(group)).ToString());
}
