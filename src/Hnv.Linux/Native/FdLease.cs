using System.Runtime.InteropServices;

namespace Hnv.Linux.Native;

/// <summary>
/// The number behind a descriptor, good until disposal. System calls that carry descriptors inside structs need it:
/// the marshaller protects only handles that are arguments, and a handle finalised during the call closes its number.
/// </summary>
internal readonly ref struct FdLease
{
    private readonly SafeHandle? _handle;

    public FdLease(SafeHandle handle)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        _handle = handle;
    }

    public int Fd => (int)(_handle?.DangerousGetHandle() ?? -1);

    public void Dispose() => _handle?.DangerousRelease();
}
