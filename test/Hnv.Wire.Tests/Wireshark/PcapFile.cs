using System.Buffers.Binary;

namespace Hnv.Wire.Tests.Wireshark;

/// <summary>A capture file as tcpdump writes it (draft-ietf-opsawg-pcap): little-endian, microseconds, Ethernet.</summary>
internal sealed class PcapFile : IDisposable
{
    public PcapFile(IEnumerable<byte[]> frames)
    {
        Path = System.IO.Path.GetTempFileName();
        using FileStream file = File.OpenWrite(Path);
        Write(file, 0xa1b2c3d4, 0x0004_0002, 0, 0, 65535, 1);
        foreach (byte[] frame in frames)
        {
            Write(file, 0, 0, (uint)frame.Length, (uint)frame.Length);
            file.Write(frame);
        }
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);

    private static void Write(FileStream file, params ReadOnlySpan<uint> words)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (uint word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, word);
            file.Write(bytes);
        }
    }
}
