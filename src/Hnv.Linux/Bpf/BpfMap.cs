using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Bpf;

/// <summary>
/// A BPF map, held open by a descriptor. Keys and values are bytes of exactly <see cref="BpfMapInfo.KeySize"/> and
/// <see cref="BpfMapInfo.UserValueSize"/>; the typed twins are in BpfMap.Typed.cs, batches in BpfMap.Batch.cs.
/// Missing keys are answers (<c>false</c>); everything else that fails is a <see cref="BpfException"/>.
/// Instances may be used by several threads at once.
/// </summary>
public sealed unsafe partial class BpfMap : IDisposable
{
    private BpfMap(SafeFileHandle handle)
    {
        Handle = handle;
        Info = BpfDescriptor.ReadMapInfo(handle);
    }

    public SafeFileHandle Handle { get; }

    /// <summary>Read once: nothing in it changes while a map lives.</summary>
    public BpfMapInfo Info { get; }

    /// <exception cref="BpfException">E.g. EINVAL for a combination the kernel does not know, E2BIG, ENOMEM.</exception>
    public static BpfMap Create(BpfMapSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var attribute = new BpfMapCreateAttribute
        {
            Type = (uint)spec.Type,
            KeySize = (uint)spec.KeySize,
            ValueSize = (uint)spec.ValueSize,
            MaxEntries = checked((uint)spec.MaxEntries),
            Flags = (uint)spec.Flags,
        };
        BpfCall.WriteName(attribute.Name, spec.Name);
        if (spec.InnerMap is null)
        {
            return new BpfMap(BpfDescriptor.Check(BpfCall.Invoke(BpfCommand.MapCreate, ref attribute), $"create map '{spec.Name}' ({spec.Type})"));
        }

        using var inner = new FdLease(spec.InnerMap.Handle);
        attribute.InnerMapFd = (uint)inner.Fd;
        return new BpfMap(BpfDescriptor.Check(BpfCall.Invoke(BpfCommand.MapCreate, ref attribute), $"create map '{spec.Name}' ({spec.Type})"));
    }

    /// <summary>Opens a map by its number (<see cref="BpfMapInfo.Id"/>; what a lookup in a map of maps returns).</summary>
    /// <exception cref="BpfException">ENOENT when no such map lives.</exception>
    public static BpfMap FromId(uint id) => new(BpfDescriptor.FromId(BpfCommand.MapGetFdById, id, $"open map {id}"));

    /// <exception cref="BpfException">ENOENT when nothing is pinned there, EINVAL when it is not a map.</exception>
    public static BpfMap OpenPinned(string path) => TryOpenPinned(path) ?? throw new BpfException($"open pinned map {path}", Errno.ENOENT);

    /// <returns>Null when nothing is pinned there.</returns>
    public static BpfMap? TryOpenPinned(string path) => BpfDescriptor.TryOpenPinned(path, "bpf-map") is { } handle ? new BpfMap(handle) : null;

    /// <summary>Takes over a descriptor.</summary>
    internal static BpfMap FromHandle(SafeFileHandle handle) => new(handle);

    /// <summary>Pins the map; it lives until the file is removed, whatever becomes of this process.</summary>
    /// <exception cref="BpfException">EEXIST when the name is taken; EPERM when the path is not on a BPF file system.</exception>
    public void Pin(string path) => BpfDescriptor.Pin(Handle, path, $"map '{Info.Name}'");

    /// <summary>Copies the value of a key, of a per-CPU map the values of all possible CPUs.</summary>
    public bool TryLookup(ReadOnlySpan<byte> key, Span<byte> value)
    {
        CheckSizes(key.Length, value.Length);
        return Element(BpfCommand.MapLookup, key, value, 0, Errno.ENOENT, "look up");
    }

    /// <summary>Copies the value of a key and removes it, in one step.</summary>
    public bool TryTake(ReadOnlySpan<byte> key, Span<byte> value)
    {
        CheckSizes(key.Length, value.Length);
        return Element(BpfCommand.MapLookupAndDelete, key, value, 0, Errno.ENOENT, "take");
    }

    /// <exception cref="BpfException">E2BIG when the map is full; EEXIST or ENOENT as <paramref name="mode"/> says.</exception>
    public void Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, BpfUpdate mode = BpfUpdate.Any)
    {
        CheckSizes(key.Length, value.Length);
        // The kernel only reads the value of an update.
        var writable = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(value), value.Length);
        Element(BpfCommand.MapUpdate, key, writable, (ulong)mode, Errno.None, "update");
    }

    /// <returns>False when the key was not there.</returns>
    public bool Delete(ReadOnlySpan<byte> key)
    {
        CheckSizes(key.Length, Info.UserValueSize);
        return Element(BpfCommand.MapDelete, key, default, 0, Errno.ENOENT, "delete from");
    }

    /// <summary>
    /// The key after <paramref name="key"/> in the map's own order; the first one when <paramref name="key"/> is empty
    /// or, in hash maps, no longer there (so a walk under concurrent deletion can start over).
    /// </summary>
    /// <returns>False at the end.</returns>
    public bool TryGetNextKey(ReadOnlySpan<byte> key, Span<byte> next)
    {
        CheckSizes(key.IsEmpty ? next.Length : key.Length, Info.UserValueSize);
        CheckSizes(next.Length, Info.UserValueSize);
        return Element(BpfCommand.MapGetNextKey, key, next, 0, Errno.ENOENT, "walk");
    }

    public void Dispose() => Handle.Dispose();

    public override string ToString() => $"{Info.Type} '{Info.Name}' (id {Info.Id})";

    private bool Element(BpfCommand command, ReadOnlySpan<byte> key, Span<byte> value, ulong flags, Errno missing, string verb)
    {
        using var lease = new FdLease(Handle);
        fixed (byte* keyPointer = key, valuePointer = value)
        {
            var attribute = new BpfMapElementAttribute { MapFd = lease.Fd, Key = keyPointer, Value = valuePointer, Flags = flags };
            if (BpfCall.Invoke(command, ref attribute) >= 0)
            {
                return true;
            }
        }

        return LinuxException.LastErrno == missing && missing != Errno.None
            ? false
            : throw BpfException.FromLastError($"{verb} map '{Info.Name}'");
    }

    /// <summary>The kernel trusts the sizes: a short buffer would be memory corruption here.</summary>
    private void CheckSizes(int keySize, int valueSize, [CallerMemberName] string operation = "")
    {
        if (keySize != Info.KeySize || valueSize != Info.UserValueSize)
        {
            throw new InvalidOperationException(
                $"{operation}: map '{Info.Name}' has keys of {Info.KeySize} and values of {Info.UserValueSize} bytes, not {keySize} and {valueSize}.");
        }
    }
}
