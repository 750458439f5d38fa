using System.Runtime.InteropServices;
using System.Text;

namespace Hnv.Linux.Native;

/// <summary>struct ifreq (linux/if.h): the name of an interface and what the ioctl is about.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal unsafe struct InterfaceRequest
{
    public const int NameLength = 16; // IFNAMSIZ, with the terminating zero

    [FieldOffset(0)]
    public fixed byte Name[NameLength];

    [FieldOffset(16)]
    public void* Data;

    [FieldOffset(16)]
    public short Flags;

    public static void WriteName(byte* destination, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length is 0 or >= NameLength)
        {
            throw new ArgumentException($"'{name}' is no name for an interface: it must have 1 to 15 bytes.", nameof(name));
        }

        bytes.CopyTo(new Span<byte>(destination, NameLength));
    }
}
