using System.Runtime.InteropServices;
using System.Text;
using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>
/// A compiled BPF object file, by libbpf: open, adjust its maps, programs and constants, load, then take the maps and
/// programs out. Those live on their own; the object may be disposed as soon as they are taken. Not for several threads.
/// </summary>
public sealed unsafe class BpfObject : IDisposable
{
    /// <summary>A generous verifier log; untouched pages of it cost nothing.</summary>
    private const int LogSize = 16 << 20;

    private readonly BpfObjectHandle _handle;

    private BpfObject(ReadOnlySpan<byte> image, string name)
    {
        Name = name;
        _handle = new BpfObjectHandle(image, LogSize);
        using var log = LibBpfLog.Capture();
        fixed (byte* nameBytes = Encoding.UTF8.GetBytes(name + '\0'))
        {
            var options = new LibBpf.OpenOptions
            {
                Size = (nuint)sizeof(LibBpf.OpenOptions),
                ObjectName = nameBytes,
                KernelLogBuffer = _handle.Log,
                KernelLogSize = LogSize,
            };
            _handle.Open(&options);
        }

        if (_handle.IsInvalid)
        {
            var errno = LinuxException.LastErrno;
            _handle.Dispose();
            throw new BpfException($"open BPF object '{name}' ({image.Length} bytes)", errno, log.Text);
        }

        Maps = ReadMaps();
        Programs = ReadPrograms();
    }

    public string Name { get; }

    /// <summary>The maps of the file by name; those that libbpf makes for .rodata, .data and .bss are named OBJECT.rodata and so on.</summary>
    public IReadOnlyDictionary<string, BpfObjectMap> Maps { get; } = new Dictionary<string, BpfObjectMap>(StringComparer.Ordinal);

    /// <summary>The programs of the file by function name.</summary>
    public IReadOnlyDictionary<string, BpfObjectProgram> Programs { get; } = new Dictionary<string, BpfObjectProgram>(StringComparer.Ordinal);

    public bool IsLoaded { get; private set; }

    /// <summary>Parses an ELF file; nothing reaches the kernel yet.</summary>
    /// <exception cref="BpfException">With libbpf's words when this is no BPF object.</exception>
    public static BpfObject Open(ReadOnlySpan<byte> image, string name) => new(image, name);

    /// <summary>
    /// Sets the initial value of a global variable: <c>const volatile</c> ones are constants to the verifier, which
    /// prunes the code they switch off.
    /// </summary>
    /// <exception cref="ArgumentException">No such variable, or another size.</exception>
    public void SetGlobal<T>(string variable, T value)
        where T : unmanaged
    {
        RequireNotLoaded();
        var (section, offset, size) = BtfGlobals.Find(LibBpf.ObjectBtf(_handle.Pointer), variable)
            ?? throw new ArgumentException($"BPF object '{Name}' has no global variable '{variable}'.", nameof(variable));
        if (size != sizeof(T))
        {
            throw new ArgumentException($"Global variable '{variable}' of BPF object '{Name}' has {size} bytes, not {sizeof(T)}.", nameof(value));
        }

        var map = Maps.Values.Single(m => m.IsInternal && m.Name.EndsWith(section, StringComparison.Ordinal));
        nuint mapSize = 0;
        var bytes = LibBpf.MapInitialValue(map.Pointer, &mapSize);
        MemoryMarshal.Write(new Span<byte>(bytes, (int)mapSize)[(int)offset..], in value);
    }

    /// <summary>Whether the file has a global variable of this name; the compiler drops unused ones.</summary>
    public bool HasGlobal(string variable)
    {
        RequireNotLoaded();
        return BtfGlobals.Find(LibBpf.ObjectBtf(_handle.Pointer), variable) is not null;
    }

    /// <summary>Creates the maps and loads the programs; all or nothing, except maps that were reused or pinned.</summary>
    /// <exception cref="BpfException">With what libbpf said and the verifier's complete log.</exception>
    public void Load()
    {
        RequireNotLoaded();
        using var log = LibBpfLog.Capture();
        var result = LibBpf.ObjectLoad(_handle.Pointer);
        if (result < 0)
        {
            var verifier = LibBpf.Text(_handle.Log).TrimEnd();
            throw new BpfException(
                $"load BPF object '{Name}'", (Errno)(-result), verifier.Length == 0 ? log.Text : log.Text + Environment.NewLine + verifier);
        }

        IsLoaded = true;
    }

    /// <summary>Opens a map of the loaded object; the caller disposes it.</summary>
    public BpfMap OpenMap(string name)
    {
        RequireLoaded();
        return BpfMap.FromHandle(Libc.Duplicate(LibBpf.MapFd(Maps[name].Pointer), $"map '{name}'"));
    }

    /// <summary>Opens a program of the loaded object; the caller disposes it.</summary>
    public BpfProgram OpenProgram(string name)
    {
        RequireLoaded();
        return Programs[name].Autoload
            ? BpfProgram.FromHandle(Libc.Duplicate(LibBpf.ProgramFd(Programs[name].Pointer), $"program '{name}'"))
            : throw new InvalidOperationException($"Program '{name}' was excluded from loading.");
    }

    public void Dispose() => _handle.Dispose();

    internal void RequireNotLoaded()
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (IsLoaded)
        {
            throw new InvalidOperationException($"BPF object '{Name}' is loaded already.");
        }
    }

    private void RequireLoaded()
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (!IsLoaded)
        {
            throw new InvalidOperationException($"BPF object '{Name}' is not loaded yet.");
        }
    }

    private Dictionary<string, BpfObjectMap> ReadMaps()
    {
        var maps = new Dictionary<string, BpfObjectMap>(StringComparer.Ordinal);
        for (var map = LibBpf.ObjectNextMap(_handle.Pointer, 0); map != 0; map = LibBpf.ObjectNextMap(_handle.Pointer, map))
        {
            var entry = new BpfObjectMap(this, map);
            maps.Add(entry.Name, entry);
        }

        return maps;
    }

    private Dictionary<string, BpfObjectProgram> ReadPrograms()
    {
        var programs = new Dictionary<string, BpfObjectProgram>(StringComparer.Ordinal);
        for (var program = LibBpf.ObjectNextProgram(_handle.Pointer, 0); program != 0; program = LibBpf.ObjectNextProgram(_handle.Pointer, program))
        {
            var entry = new BpfObjectProgram(this, program);
            programs.Add(entry.Name, entry);
        }

        return programs;
    }
}
