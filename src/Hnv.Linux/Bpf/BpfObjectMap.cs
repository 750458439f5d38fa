using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>A map of a <see cref="BpfObject"/>; what is set here takes effect when the object is loaded.</summary>
public sealed unsafe class BpfObjectMap
{
    private readonly BpfObject _owner;

    internal BpfObjectMap(BpfObject owner, nint pointer)
    {
        _owner = owner;
        Pointer = pointer;
        Name = LibBpf.Text(LibBpf.MapName(pointer));
        IsInternal = LibBpf.MapIsInternal(pointer);
        Type = (BpfMapType)LibBpf.MapType(pointer);
        KeySize = (int)LibBpf.MapKeySize(pointer);
        ValueSize = (int)LibBpf.MapValueSize(pointer);
        Flags = (BpfMapFlags)LibBpf.MapFlags(pointer);
    }

    public string Name { get; }

    /// <summary>Made by libbpf for global variables.</summary>
    public bool IsInternal { get; }

    public BpfMapType Type { get; }

    public int KeySize { get; }

    /// <summary>Bytes of the value of one CPU.</summary>
    public int ValueSize { get; }

    public BpfMapFlags Flags { get; }

    public long MaxEntries
    {
        get
        {
            _owner.RequireNotLoaded();
            return LibBpf.MapMaxEntries(Pointer);
        }
        set => Check(LibBpf.MapSetMaxEntries(Open(), checked((uint)value)), "set max_entries of");
    }

    /// <summary>Where loading pins the map, or finds it: one that is pinned there and has the same shape is used as it is.</summary>
    public string? PinPath
    {
        get
        {
            _owner.RequireNotLoaded();
            var path = LibBpf.MapPinPath(Pointer);
            return path is null ? null : LibBpf.Text(path);
        }
        set => Check(LibBpf.MapSetPinPath(Open(), value), "set the pin path of");
    }

    internal nint Pointer { get; }

    /// <summary>Loading uses an existing map instead of creating one. The caller keeps (and may dispose) its own instance.</summary>
    public void Reuse(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        using var lease = new FdLease(map.Handle);
        Check(LibBpf.MapReuseFd(Open(), lease.Fd), "reuse a descriptor for");
    }

    private nint Open()
    {
        _owner.RequireNotLoaded();
        return Pointer;
    }

    private void Check(int result, string operation)
    {
        if (result < 0)
        {
            throw new BpfException($"{operation} map '{Name}' of BPF object '{_owner.Name}'", (Errno)(-result));
        }
    }
}
