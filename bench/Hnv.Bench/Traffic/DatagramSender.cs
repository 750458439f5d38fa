using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;

namespace Hnv.Bench.Traffic;

/// <summary>A thousand numbered datagrams a second to one address, whoever has it.</summary>
internal sealed class DatagramSender : IDisposable
{
    public const ushort Port = 4242;

    /// <summary>The payload: the number, big-endian.</summary>
    public const int Length = sizeof(int);

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(1);
    private readonly Socket _socket;
    private readonly Thread _thread;
    private volatile bool _stop;

    public DatagramSender(string netns, IPAddress address)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        _socket = inside.Run(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _socket.Connect(address, Port);
        _thread = new Thread(Send) { IsBackground = true, Name = $"datagrams to {address}" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Send()
    {
        byte[] datagram = new byte[Length];
        long next = Stopwatch.GetTimestamp();
        for (int number = 0; !_stop; number++)
        {
            BinaryPrimitives.WriteInt32BigEndian(datagram, number);
            try
            {
                _socket.Send(datagram);
            }
            catch (SocketException)
            {
                // Nobody has the address in this moment.
            }

            next += Stopwatch.Frequency * s_interval.Ticks / TimeSpan.TicksPerSecond;
            long left = next - Stopwatch.GetTimestamp();
            if (left > 0)
            {
                Thread.Sleep(Stopwatch.GetElapsedTime(0, left));
            }
            else
            {
                next -= left; // What the processor was late is not caught up with a burst.
            }
        }
    }
}
