namespace Hnv.Wire.Tests;

public sealed class PacketDescriberTests
{
    [Fact]
    public void Describe_Nvgre_TellsEveryFieldInsideAndOutside()
    {
        const string Expected = """
            Ethernet                   14 bytes
              destination              02:00:00:00:04:22
              source                   02:00:00:00:04:11
              type                     0x0800 IPv4
            IPv4                       20 bytes
              source                   192.168.4.11
              destination              192.168.4.22
              total length             88
              DSCP, ECN                0, not ECN-capable
              fragmentation            identification 0x0000, DontFragment
              time to live             64
              protocol                 47 GRE
              checksum                 0xb105, correct
            NVGRE                      8 bytes, RFC 7637
              flags                    0x2000: key present, nothing else
              protocol                 0x6558 transparent Ethernet bridging
              virtual subnet           5001 (0x001389)
              flow                     0x3f
              Ethernet                 14 bytes
                destination            06:06:00:00:00:07
                source                 06:06:00:00:00:05
                type                   0x0800 IPv4
              IPv4                     20 bytes
                source                 10.0.0.5
                destination            10.0.0.7
                total length           36
                DSCP, ECN              0, not ECN-capable
                fragmentation          identification 0x1234, DontFragment
                time to live           64
                protocol               1 ICMP
                checksum               0x149a, correct
              ICMP                     16 bytes
                type, code             8, 0: echo request
                checksum               0x2cff, correct
                identifier, sequence   0xbeef, 1
              data                     8 bytes: 0001020304050607

            """;
        Assert.Equal(Expected, PacketDescriber.Describe(Samples.Frames["nvgre"]), ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData("nvgre", "192.168.4.11 → 192.168.4.22 NVGRE 5001 flow 0x3f | 10.0.0.5 → 10.0.0.7 ICMP echo request")]
    [InlineData("vxlan", "192.168.4.11 → 192.168.4.22 VXLAN 5001 | 10.0.0.5 → 10.0.0.7 ICMP echo request")]
    [InlineData("arp", "ARP who has 10.0.0.7? tell 10.0.0.5")]
    [InlineData("ns", "2001:db8:5001::5 → ff02::1:ff00:7 ICMPv6 neighbour solicitation")]
    [InlineData("vlan echo", "VLAN 7 10.0.0.5 → 10.0.0.7 ICMP echo request")]
    [InlineData("tcp6", "2001:db8:5001::5 → 2001:db8:5001::7 TCP 40000 → 80 Ack")]
    [InlineData("fragment", "10.0.0.5 → 10.0.0.7 fragment of 17 UDP")]
    public void Summarize_Frame_OneLine(string frame, string expected) => Assert.Equal(expected, PacketDescriber.Summarize(Samples.Frames[frame]));

    [Fact]
    public void Describe_Vxlan_TellsTheTunnelAndTheFrameInside() => Assert.Contains(
        """
        UDP                        8 bytes
          ports                    50001 → 4789
          length                   76
          checksum                 none
        VXLAN                      8 bytes, RFC 7348
          virtual subnet           5001 (0x001389)
          Ethernet                 14 bytes
            destination            06:06:00:00:00:07
        """.ReplaceLineEndings("\n"),
        PacketDescriber.Describe(Samples.Frames["vxlan"]).ReplaceLineEndings("\n"), StringComparison.Ordinal);

    [Fact]
    public void Describe_DamagedFrame_NamesTheDamage()
    {
        byte[] frame = [.. Samples.Frames["nvgre"]];
        frame[24]++; // outer checksum
        frame[^30]++; // inner payload
        string text = PacketDescriber.Describe(frame);
        Assert.Equal(2, text.Split("WRONG").Length - 1);
        Assert.Contains("Ethernet                   malformed or truncated, 5 bytes: 0102030405", PacketDescriber.Describe([1, 2, 3, 4, 5]), StringComparison.Ordinal);
    }
}
