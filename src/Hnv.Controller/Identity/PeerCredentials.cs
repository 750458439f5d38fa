using System.Buffers.Binary;
using System.Net.Sockets;

namespace Hnv.Controller.Identity;

/// <summary>Who is at the other end of a unix socket, as the kernel recorded it when they connected (SO_PEERCRED, unix(7)).</summary>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    public static PeerCredentials Of(Socket socket)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }, host byte order.
        Span<byte> ucred = stackalloc byte[12];
        int length = socket.GetRawSocketOption(SolSocket, SoPeerCred, ucred);
        return length == ucred.Length
            ? new PeerCredentials(BinaryPrimitives.ReadInt32LittleEndian(ucred), BinaryPrimitives.ReadUInt32LittleEndian(ucred[4..]), BinaryPrimitives.ReadUInt32LittleEndian(ucred[8..]))
            : throw new InvalidDataException($"The kernel answered {length} bytes of credentials instead of {ucred.Length}.");
    }
}
