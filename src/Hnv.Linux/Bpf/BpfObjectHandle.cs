using System.Runtime.InteropServices;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Bpf;

/// <summary>
/// A struct bpf_object with the memory it points into: libbpf keeps pointers to the file until the object is loaded, and
/// to the log buffer until it is closed.
/// </summary>
internal sealed unsafe class BpfObjectHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly int _imageSize;
    private readonly byte* _image;

    public BpfObjectHandle(ReadOnlySpan<byte> image, nuint logSize)
        : base(ownsHandle: true)
    {
        _imageSize = image.Length;
        _image = (byte*)NativeMemory.Alloc((nuint)Math.Max(image.Length, 1));
        image.CopyTo(new Span<byte>(_image, image.Length));
        Log = (byte*)NativeMemory.AllocZeroed(logSize);
    }

    public byte* Log { get; }

    public nint Pointer => handle;

    /// <summary>Leaves the handle invalid and the reason in <see cref="LinuxException.LastErrno"/> when the file is no BPF object.</summary>
    public void Open(LibBpf.OpenOptions* options)
    {
        SetHandle(LibBpf.ObjectOpenMemory(_image, (nuint)_imageSize, options));
        if (IsInvalid)
        {
            FreeBuffers(); // An invalid handle is never released.
        }
    }

    protected override bool ReleaseHandle()
    {
        LibBpf.ObjectClose(handle);
        FreeBuffers();
        return true;
    }

    private void FreeBuffers()
    {
        NativeMemory.Free(_image);
        NativeMemory.Free(Log);
    }
}
