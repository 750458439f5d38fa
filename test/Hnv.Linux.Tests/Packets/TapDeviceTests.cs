using System.Runtime.InteropServices;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Linux.Tests.Packets;

public sealed class TapDeviceTests : IDisposable
{
    private const ushort Experimental = 0x88b5;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private readonly TestNamespace _ns = new();

    public void Dispose() => _ns.Dispose();

    private static byte[] Frame(byte content) => [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, Experimental >> 8, Experimental & 255, .. Enumerable.Repeat(content, 50)];

    private LinkInfo Up()
    {
        var link = _ns.Route.GetLink("tap0");
        _ns.Namespace.Run(() => Sysctl.Write("net/ipv6/conf/tap0/disable_ipv6", 1)); // No router solicitations among the frames.
        _ns.Route.SetUp(link.Index);
        Assert.True(_ns.Route.WaitUntilRunning(link.Index, Long));
        return link;
    }

    [Fact]
    public void Open_NewTap_LivesAsLongAsItsDescriptor()
    {
        using (TapDevice.Open(_ns.Namespace, new TapSpec("tap0")))
        {
            Assert.Equal("tun", _ns.Route.GetLink("tap0").Kind);
        }

        Assert.Null(_ns.Route.FindLink("tap0"));
    }

    [Fact]
    public void WriteAndRead_Frames_PassBothWays()
    {
        using var tap = TapDevice.Open(_ns.Namespace, new TapSpec("tap0"));
        using var host = PacketSocket.Open(_ns.Namespace, Up().Index, new PacketSocketOptions { Protocol = Experimental });
        tap.Write(Frame(1));
        Assert.Equal(Frame(1), host.Receive(Long));
        host.Send(Frame(2));
        var buffer = new byte[2000];
        Assert.Equal(Frame(2), buffer[..tap.Read(buffer, Long)]);
        Assert.Equal(0, tap.Read(buffer, TimeSpan.FromMilliseconds(20)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SetOffload_SuperPacketFromTheHost_WholeOrInSegments(bool offload)
    {
        using var tap = TapDevice.Open(_ns.Namespace, new TapSpec("tap0") { VnetHeader = true });
        tap.SetOffload(offload ? TapOffloads.Checksum | TapOffloads.Tso4 | TapOffloads.Tso6 : TapOffloads.None);
        using var ethtool = Ethtool.Of(_ns.Namespace);
        Assert.Equal(offload, ethtool.GetFeatures("tap0").Single(feature => feature.Name == "tx-tcp-segmentation").Active);
        using var host = PacketSocket.Open(_ns.Namespace, Up().Index, new PacketSocketOptions { VnetHeader = true });
        host.Send(SuperPacket.Make(payload: 4000, gsoSize: 1000));
        var buffer = new byte[PacketSocket.MaxFrame];
        for (var left = 4000; left > 0;)
        {
            var length = tap.Read(buffer, Long);
            Assert.Equal(VirtioNetHeader.Size + 54 + (offload ? 4000 : 1000), length);
            Assert.Equal(offload ? VirtioGsoType.TcpV4 : VirtioGsoType.None, MemoryMarshal.Read<VirtioNetHeader>(buffer).GsoType);
            left -= length - VirtioNetHeader.Size - 54;
        }
    }

    [Fact]
    public void Open_MultiQueue_TwiceTheSame()
    {
        var spec = new TapSpec("tap0") { MultiQueue = true };
        using var first = TapDevice.Open(_ns.Namespace, spec);
        using var second = TapDevice.Open(_ns.Namespace, spec);
        Assert.Single(_ns.Route.GetLinks(), link => link.Name == "tap0");
    }

    [Fact]
    public void Open_SingleQueueTwice_ThrowsEbusy()
    {
        using var first = TapDevice.Open(_ns.Namespace, new TapSpec("tap0"));
        Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => TapDevice.Open(_ns.Namespace, new TapSpec("tap0"))).Errno);
    }

    [Fact]
    public void Open_TooLongName_Throws() =>
        Assert.Throws<ArgumentException>(() => TapDevice.Open(_ns.Namespace, new TapSpec("sixteen-letters-")));
}
