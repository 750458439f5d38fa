using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hnv.Linux.Packets;

namespace Hnv.Linux.Tests.Packets;

/// <summary>An unfinished TCP super-packet over IPv4 (192.0.2.1 → 192.0.2.2), with its vnet header in front.</summary>
internal static class SuperPacket
{
    private const int Ethernet = 14, Ip = 20, Tcp = 20;

    public static byte[] Make(int payload, int gsoSize)
    {
        var packet = new byte[VirtioNetHeader.Size + Ethernet + Ip + Tcp + payload];
        var header = new VirtioNetHeader
        {
            Flags = VirtioNetFlags.NeedsChecksum,
            GsoType = VirtioGsoType.TcpV4,
            HeaderLength = Ethernet + Ip + Tcp,
            GsoSize = (ushort)gsoSize,
            ChecksumStart = Ethernet + Ip,
            ChecksumOffset = 16,
        };
        MemoryMarshal.Write(packet, in header);
        var frame = packet.AsSpan(VirtioNetHeader.Size);
        frame[..6].Fill(0xff);
        (frame[6], frame[11]) = (2, 1);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], 0x0800);
        var ip = frame[Ethernet..];
        (ip[0], ip[8], ip[9]) = (0x45, 64, 6);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(Ip + Tcp + payload));
        ((ReadOnlySpan<byte>)[192, 0, 2, 1, 192, 0, 2, 2]).CopyTo(ip[12..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..Ip]));
        var tcp = ip[Ip..];
        (tcp[0], tcp[1], tcp[2], tcp[3], tcp[12], tcp[13]) = (1, 2, 3, 4, 0x50, 0x10);
        return packet;
    }

    private static ushort Checksum(ReadOnlySpan<byte> header)
    {
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        }

        return (ushort)~((sum & 0xffff) + (sum >> 16));
    }
}
