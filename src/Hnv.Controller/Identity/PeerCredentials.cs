using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections.Features;

namespace Hnv.Controller.Identity;

/// <summary>Who is at the other end of a unix socket, as the kernel recorded it when they connected (SO_PEERCRED, unix(7)).</summary>
/// <param name="Groups">Supplementary groups (SO_PEERGROUPS, Linux 4.13).</param>
internal sealed record PeerCredentials(int ProcessId, uint UserId, uint GroupId, ImmutableArray<uint> Groups)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerGroups = 59;

    /// <summary>NGROUPS_MAX: a user is in no more.</summary>
    private const int MaxGroups = 65536;

    /// <summary>Null where the request came over something else than a unix socket.</summary>
    public static PeerCredentials? Of(HttpContext context) =>
        context.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: AddressFamily.Unix } socket ? Of(socket) : null;

    public static PeerCredentials Of(Socket socket)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }, host byte order.
        Span<byte> ucred = stackalloc byte[12];
        int length = socket.GetRawSocketOption(SolSocket, SoPeerCred, ucred);
        return length == ucred.Length
            ? new PeerCredentials(
                BinaryPrimitives.ReadInt32LittleEndian(ucred), BinaryPrimitives.ReadUInt32LittleEndian(ucred[4..]), BinaryPrimitives.ReadUInt32LittleEndian(ucred[8..]), GroupsOf(socket))
            : throw new InvalidDataException($"The kernel answered {length} bytes of credentials instead of {ucred.Length}.");
    }

    private static ImmutableArray<uint> GroupsOf(Socket socket)
    {
        // gid_t each, host byte order; a buffer that is too small is an error (ERANGE).
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxGroups * sizeof(uint));
        try
        {
            int length = socket.GetRawSocketOption(SolSocket, SoPeerGroups, buffer);
            return [.. MemoryMarshal.Cast<byte, uint>(buffer.AsSpan(0, length))];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
