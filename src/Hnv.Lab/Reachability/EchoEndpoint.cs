using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;
using Hnv.Wire;

namespace Hnv.Lab.Reachability;

/// <summary>
/// A VM's ICMP, seen from inside: sends echo requests that carry a token, and hears every echo that comes in, its own answers as well
/// as others' requests. The VM's kernel answers requests itself.
/// </summary>
internal sealed class EchoEndpoint : IDisposable
{
    private const int TokenLength = 16;
    private static readonly byte[] s_mark = "hnv-echo"u8.ToArray();

    private readonly Socket _v4;
    private readonly Socket _v6;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _loops;

    /// <param name="heard">Called for every echo with a token: VM, token, whether it is a request, time stamp.</param>
    public EchoEndpoint(string vm, string netns, Action<string, ulong, bool, long> heard)
    {
        Vm = vm;
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        (_v4, _v6) = inside.Run(() => (
            new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp),
            new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6)));
        _v4.ReceiveBufferSize = _v6.ReceiveBufferSize = 1 << 20;
        _loops = [ListenAsync(_v4, heard), ListenAsync(_v6, heard)];
    }

    public string Vm { get; }

    /// <summary>Sends one request.</summary>
    /// <returns>Null, or why the VM's own kernel would not send it.</returns>
    public string? Send(IPAddress to, ulong token, ushort sequence)
    {
        bool v6 = to.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] message = new byte[IcmpHeader.Length + TokenLength];
        uint rest = IcmpHeader.Echo((ushort)token, sequence);
        (v6 ? new IcmpHeader(IcmpV6Type.EchoRequest, 0, rest) : new IcmpHeader(IcmpV4Type.EchoRequest, 0, rest)).Write(message);
        s_mark.CopyTo(message, IcmpHeader.Length);
        BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(IcmpHeader.Length + s_mark.Length), token);
        if (!v6)
        {
            // Of ICMPv6 the kernel computes it.
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), InternetChecksum.Compute(message));
        }

        try
        {
            _ = (v6 ? _v6 : _v4).SendTo(message, new IPEndPoint(to, 0));
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _v4.Dispose();
        _v6.Dispose();
        Task.WaitAll(_loops);
        _stop.Dispose();
    }

    private async Task ListenAsync(Socket socket, Action<string, ulong, bool, long> heard)
    {
        bool v6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] buffer = new byte[2048];
        while (!_stop.IsCancellationRequested)
        {
            int length;
            try
            {
                length = await socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            long now = Stopwatch.GetTimestamp();
            // A raw IPv4 socket shows the IP header too; a raw IPv6 socket does not.
            ReadOnlySpan<byte> message = buffer.AsSpan(0, length);
            message = v6 ? message : message[Math.Min(length, (message[0] & 0xf) * 4)..];
            if (IcmpHeader.TryParse(message, out IcmpHeader header, out ReadOnlySpan<byte> payload)
                && payload.Length >= TokenLength && payload.StartsWith(s_mark))
            {
                bool request = header.Type == (v6 ? (byte)IcmpV6Type.EchoRequest : (byte)IcmpV4Type.EchoRequest);
                heard(Vm, BinaryPrimitives.ReadUInt64BigEndian(payload[s_mark.Length..]), request, now);
            }
        }
    }
}
