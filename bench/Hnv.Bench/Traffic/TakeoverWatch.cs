using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Bench.Traffic;

/// <summary>
/// Sees at a VM's adapter when it begins to say that a shared address is its own, and when the first datagram to that address comes in. Both times are the kernel's, so
/// the difference holds no wait for a processor. For one family, from when it is made.
/// </summary>
internal sealed class TakeoverWatch : IDisposable
{
    private const byte Vrrp = 112, Udp = 17, Icmp6 = 58, NeighbourAdvertisement = 136;
    private readonly PacketSocket _socket;
    private readonly Thread _thread;
    private readonly byte[] _mac;
    private readonly byte[] _address;
    private readonly HashSet<int> _numbers = [];
    private readonly Lock _gate = new();
    private volatile bool _stop;
    private DateTime? _claimed;
    private DateTime? _reached;

    public TakeoverWatch(string netns, string adapter, IPAddress address)
    {
        _address = address.GetAddressBytes();
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        using Rtnetlink links = Rtnetlink.Of(inside);
        LinkInfo link = links.GetLink(adapter);
        _mac = link.Mac!.GetAddressBytes();

        _socket = PacketSocket.Open(inside, link.Index);
        _socket.StampReceived();
        _thread = new Thread(Read) { IsBackground = true, Name = $"takeover of {address}" };
        _thread.Start();
    }

    /// <summary>When the VM first said that the address is its own; null: it has not.</summary>
    public DateTime? Claimed => Locked(() => _claimed);

    /// <summary>When the first datagram came in; null: none has.</summary>
    public DateTime? Reached => Locked(() => _reached);

    /// <summary>Datagrams that came in.</summary>
    public int Received => Locked(() => _numbers.Count);

    /// <summary>Those between the first and the last that did not.</summary>
    public int Missing => Locked(() => _numbers.Count == 0 ? 0 : _numbers.Max() - _numbers.Min() + 1 - _numbers.Count);

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    /// <summary>Whether the frame is one by which a VRRP router says that it has the address: an advertisement, ARP from it, or its neighbour advertisement.</summary>
    public static bool Claims(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> mac, ReadOnlySpan<byte> address)
    {
        if (frame.Length < 42 || !frame.Slice(6, 6).SequenceEqual(mac))
        {
            return false;
        }

        return (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]), address.Length) switch
        {
            (0x0800, 4) => frame[23] == Vrrp,
            (0x0806, 4) => frame.Slice(28, 4).SequenceEqual(address),
            (0x86dd, 16) => frame[20] == Vrrp || (frame.Length >= 78 && frame[20] == Icmp6 && frame[54] == NeighbourAdvertisement && frame.Slice(62, 16).SequenceEqual(address)),
            _ => false,
        };
    }

    /// <summary>The number of a datagram to the address that came in by this adapter; null: it is something else.</summary>
    public static int? NumberOf(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> mac, ReadOnlySpan<byte> address)
    {
        (int protocol, int destination, int payload) = address.Length == 4 ? (23, 30, 42) : (20, 38, 62);
        ushort type = address.Length == 4 ? (ushort)0x0800 : (ushort)0x86dd;
        return frame.Length >= payload + DatagramSender.Length && frame[..6].SequenceEqual(mac) && BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == type
            && frame[protocol] == Udp && frame.Slice(destination, address.Length).SequenceEqual(address)
            && BinaryPrimitives.ReadUInt16BigEndian(frame[(payload - 6)..]) == DatagramSender.Port
            ? BinaryPrimitives.ReadInt32BigEndian(frame[payload..])
            : null;
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private void Read()
    {
        byte[] frame = new byte[2048];
        while (!_stop)
        {
            int length;
            try
            {
                length = _socket.Receive(frame, TimeSpan.FromMilliseconds(50));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.NetworkDown)
            {
                continue; // The VM dies: nothing more will come.
            }

            if (length == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> bytes = frame.AsSpan(0, length);
            int? number = NumberOf(bytes, _mac, _address);
            bool claims = number is null && Claims(bytes, _mac, _address);
            if (number is null && !claims)
            {
                continue;
            }

            DateTime at = _socket.LastReceived();
            lock (_gate)
            {
                if (claims)
                {
                    _claimed ??= at;
                }
                else if (_numbers.Add(number!.Value))
                {
                    _reached ??= at;
                }
            }
        }
    }
}
