using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hnv.Linux.Native;

namespace Hnv.Linux.Netlink;

/// <summary>
/// An rtnetlink socket of the namespace in which it was made. Requests are answered one after the other; the kernel's
/// extended acknowledgements are on.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const int RawSocket = 3, RouteProtocol = 0; // SOCK_RAW, NETLINK_ROUTE
    private const int NetlinkLevel = 270; // SOL_NETLINK
    private const int NoCopyOfRequest = 10, ExtendedAck = 11, StrictCheck = 12; // NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK
    private const int MaxDumpAttempts = 10;
    private readonly Socket _socket;
    private readonly Lock _lock = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private uint _sequence;

    /// <param name="groups">RTMGRP_* bits to listen to; 0 for requests.</param>
    /// <param name="strict">Dumps are filtered by what their requests say, and refused where that cannot be; else it is passed over.</param>
    public unsafe NetlinkSocket(uint groups = 0, bool strict = false)
    {
        var handle = Libc.NewSocket(KernelFamily.Netlink, RawSocket, RouteProtocol, "a netlink socket");
        try
        {
            foreach (var option in (ReadOnlySpan<int>)[NoCopyOfRequest, ExtendedAck, StrictCheck])
            {
                var on = option != StrictCheck || strict ? 1 : 0;
                Check(Libc.SetSocketOption(handle, NetlinkLevel, option, &on, sizeof(int)), "set an option of a netlink socket");
            }

            var address = new SocketAddress { Family = KernelFamily.Netlink, Groups = groups };
            Check(Libc.Bind(handle, &address, (uint)sizeof(SocketAddress)), "bind a netlink socket");
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        _socket = new Socket(handle);
    }

    /// <summary>Bytes the kernel may queue before it reports an overrun.</summary>
    public int ReceiveBufferSize
    {
        set => _socket.ReceiveBufferSize = value;
    }

    /// <summary>Sends a request and gathers everything the kernel answers to it.</summary>
    /// <param name="operation">For the message of the exception.</param>
    /// <exception cref="NetlinkException">What the kernel answered.</exception>
    public List<NetlinkReply> Request(NetlinkRequest request, string operation)
    {
        lock (_lock)
        {
            for (var attempt = 1; ; attempt++)
            {
                _socket.Send(request.Finish(++_sequence));
                // A dump during which something changed may miss entries; the kernel marks it, and it is asked again.
                if (TryCollect(operation, out var replies) || attempt == MaxDumpAttempts)
                {
                    return replies;
                }
            }
        }
    }

    /// <summary>Waits for the next datagram of the groups and takes it apart.</summary>
    /// <exception cref="SocketException">NoBufferSpaceAvailable (ENOBUFS) when messages were lost.</exception>
    public async ValueTask<List<NetlinkReply>> ReceiveAsync(CancellationToken cancellation)
    {
        var length = await _socket.ReceiveAsync(_buffer, SocketFlags.None, cancellation);
        return NetlinkMessages.Read(_buffer.AsSpan(0, length));
    }

    public void Dispose() => _socket.Dispose();

    private bool TryCollect(string operation, out List<NetlinkReply> replies)
    {
        replies = [];
        var consistent = true;
        while (true)
        {
            for (ReadOnlySpan<byte> rest = _buffer.AsSpan(0, _socket.Receive(_buffer)); NetlinkMessages.TryCut(ref rest, out var header, out var payload);)
            {
                if (header.Sequence != _sequence)
                {
                    continue; // The tail of an answer that was given up.
                }

                consistent &= !((NetlinkReplyFlags)header.Flags).HasFlag(NetlinkReplyFlags.DumpInterrupted);
                switch ((RouteMessage)header.Type)
                {
                    case RouteMessage.Error:
                        // struct nlmsgerr: the error, the header of the request, then attributes.
                        NetlinkMessages.ThrowIfFailed(operation, header, payload, 4 + NetlinkRequest.HeaderSize);
                        return consistent;
                    case RouteMessage.Done:
                        NetlinkMessages.ThrowIfFailed(operation, header, payload, 4);
                        return consistent;
                    default:
                        replies.Add(new((RouteMessage)header.Type, payload.ToArray()));
                        break;
                }
            }
        }
    }

    private static void Check(int result, string operation)
    {
        if (result < 0)
        {
            throw LinuxException.FromLastError(operation);
        }
    }

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SocketAddress
    {
        public ushort Family;
        private readonly ushort _pad;
        public uint PortId, Groups;
    }
}
