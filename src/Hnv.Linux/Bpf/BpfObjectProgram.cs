using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>.</summary>
public sealed unsafe class BpfObjectProgram
{
    private readonly BpfObject _owner;
    private bool _autoload;

    internal BpfObjectProgram(BpfObject owner, nint pointer)
    {
        _owner = owner;
        Pointer = pointer;
        Name = LibBpf.Text(LibBpf.ProgramName(pointer));
        Section = LibBpf.Text(LibBpf.ProgramSection(pointer));
        _autoload = LibBpf.ProgramAutoload(pointer);
    }

    /// <summary>The name of the C function.</summary>
    public string Name { get; }

    /// <summary>The ELF section, e.g. <c>tc</c>.</summary>
    public string Section { get; }

    /// <summary>Whether loading the object loads this program; only to be changed before.</summary>
    public bool Autoload
    {
        get => _autoload;
        set
        {
            _owner.RequireNotLoaded();
            var result = LibBpf.ProgramSetAutoload(Pointer, value);
            _autoload = result == 0 ? value : throw new BpfException($"set autoload of program '{Name}'", (Errno)(-result));
        }
    }

    internal nint Pointer { get; }
}
