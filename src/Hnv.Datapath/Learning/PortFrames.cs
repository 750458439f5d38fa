using System.Net.Sockets;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Packets;

namespace Hnv.Datapath.Learning;

/// <summary>Frames of the agent's own: into a port as from its VM, and out of it to the VM.</summary>
internal static class PortFrames
{
    /// <summary>HNV_MARK_DELIVER: the guard at a port's egress lets nothing else pass.</summary>
    private const uint Deliver = 0x484e5601;

    public static void Inject(BpfProgram program, int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        var context = default(SkBuffContext);
        context.Cb[0] = (uint)interfaceIndex;
        int result;
        try
        {
            result = program.TestRun(frame, context).ReturnValue;
        }
        catch (BpfException failure)
        {
            throw new DataplaneException($"a frame cannot be let in at interface {interfaceIndex}: {failure.Message}", failure);
        }

        if (result != 0)
        {
            throw new DataplaneException($"a frame cannot be let in at interface {interfaceIndex}: {(Errno)(-result)}");
        }
    }

    public static void Send(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        try
        {
            using var socket = new PacketSocket(interfaceIndex, new PacketSocketOptions { Mark = Deliver, Protocol = 0 });
            socket.Send(frame);
        }
        catch (Exception e) when (e is LinuxException or SocketException)
        {
            throw new DataplaneException($"a frame cannot be sent to interface {interfaceIndex}: {e.Message}", e);
        }
    }
}
