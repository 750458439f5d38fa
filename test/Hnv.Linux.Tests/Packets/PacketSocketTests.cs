using System.Runtime.InteropServices;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Linux.Tests.Bpf;

namespace Hnv.Linux.Tests.Packets;

/// <summary>Frames of an EtherType nobody else uses, over a veth pair.</summary>
public sealed class PacketSocketTests : IDisposable
{
    private const ushort Experimental = 0x88b5; // IEEE 802 local experimental
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private readonly TestNamespace _ns;
    private LinkInfo _a = null!;
    private int _b;

    public PacketSocketTests() => _ns = new TestNamespace(ns =>
    {
        _a = ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        _b = _a.Peer!.Value;
        ns.Route.SetUp(_a.Index);
        ns.Route.SetUp(_b);
        Assert.True(ns.Route.WaitUntilRunning(_a.Index, Long) && ns.Route.WaitUntilRunning(_b, Long));
    });

    public void Dispose() => _ns.Dispose();

    private static byte[] Frame(byte content) => [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, Experimental >> 8, Experimental & 255, .. Enumerable.Repeat(content, 50)];

    private PacketSocket Open(int index, PacketSocketOptions? options = null) =>
        PacketSocket.Open(_ns.Namespace, index, (options ?? new()) with { Protocol = Experimental });

    [Fact]
    public void Send_Frame_ArrivesUnchangedAtTheOtherEnd()
    {
        using var sender = Open(_a.Index);
        using var receiver = Open(_b);
        sender.Send(Frame(7));
        Assert.Equal(Frame(7), receiver.Receive(Long));
    }

    [Fact]
    public void Receive_NothingComes_IsNullInTheEnd()
    {
        using var receiver = Open(_b);
        Assert.Null(receiver.Receive(Short));
        Assert.Equal(0, receiver.Receive(new byte[100], Short));
    }

    [Fact]
    public async Task ReceiveAsync_FrameThenCancel_GetsTheFrameThenStops()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Long);
        var cancellation = deadline.Token;
        using var sender = Open(_a.Index);
        using var receiver = Open(_b);
        await sender.SendAsync(Frame(1), cancellation);
        var buffer = new byte[100];
        Assert.Equal(64, await receiver.ReceiveAsync(buffer, cancellation));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waiting = receiver.ReceiveAsync(buffer, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        sender.Send(Frame(2));
        Assert.Equal(Frame(2), receiver.Receive(Long)); // The synchronous way still works after an asynchronous one.
    }

    /// <summary>Outgoing frames are shown to sockets for all protocols only.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Receive_OwnHostSends_SeenUnlessIgnored(bool ignore)
    {
        using var watcher = PacketSocket.Open(_ns.Namespace, _a.Index, new PacketSocketOptions { IgnoreOutgoing = ignore });
        using var here = Open(_a.Index);
        using var there = Open(_b);
        here.Send(Frame(1)); // Outgoing here.
        there.Send(Frame(2)); // Incoming here: marks the end.
        var seen = new List<byte>();
        do
        {
            var frame = watcher.Receive(Long);
            Assert.NotNull(frame);
            if (frame[12] == Experimental >> 8 && frame[13] == (Experimental & 255))
            {
                seen.Add(frame[20]);
            }
        }
        while (!seen.Contains(2));

        Assert.Equal(ignore ? [2] : [1, 2], seen);
    }

    [Fact]
    public void Send_WithMark_EgressProgramSeesIt()
    {
        using var program = BpfProgram.LoadRaw(
            BpfProgramType.SchedulerClassifier,
            "hnv_mark",
            [
                Instructions.Load32(2, 1, 8), // r2 = mark
                Instructions.Move(0, 4), // TC_ACT_STOLEN: dropped without telling the sender
                Instructions.SkipUnlessEqual(2, 77, 1),
                Instructions.Move(0, 0), // TC_ACT_OK
                Instructions.Exit,
            ]);
        _ns.Namespace.Run(() =>
        {
            TcHook.EnsureQdisc(_a.Index);
            new TcHook(_a.Index, TcDirection.Egress).Attach(program, 1, 1);
        });
        using var receiver = Open(_b);
        using var plain = Open(_a.Index);
        using var marked = Open(_a.Index, new PacketSocketOptions { Mark = 77 });
        plain.Send(Frame(1));
        marked.Send(Frame(2));
        Assert.Equal(Frame(2), receiver.Receive(Long));
    }

    [Fact]
    public void Receive_VnetHeader_SuperPacketStaysWhole()
    {
        using var sender = PacketSocket.Open(_ns.Namespace, _a.Index, new PacketSocketOptions { VnetHeader = true });
        using var receiver = PacketSocket.Open(_ns.Namespace, _b, new PacketSocketOptions { VnetHeader = true, IgnoreOutgoing = true, Protocol = 0x0800 });
        var segment = SuperPacket.Make(payload: 8000, gsoSize: 1400);
        sender.Send(segment);
        var received = receiver.Receive(Long);
        Assert.NotNull(received);
        var header = MemoryMarshal.Read<VirtioNetHeader>(received);
        Assert.Equal((VirtioGsoType.TcpV4, (ushort)1400), (header.GsoType, header.GsoSize));
        Assert.Equal(segment.Length, received.Length);
    }

    [Fact]
    public void Open_NoSuchInterface_ThrowsEnodev() =>
        Assert.Equal(Errno.ENODEV, Assert.Throws<LinuxException>(() => Open(4711)).Errno);

    [Fact]
    public void VirtioNetHeader_Size_IsTheKernels() => Assert.Equal(VirtioNetHeader.Size, Marshal.SizeOf<VirtioNetHeader>());
}
