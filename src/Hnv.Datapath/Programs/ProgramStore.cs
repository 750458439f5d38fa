using Hnv.Datapath.Kernel;
using Hnv.Datapath.Maps;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Programs;

/// <summary>
/// The programs of this build, verified by this kernel. Where the pinned one is the same (tag, maps and constants), it is kept, and
/// what is attached stays untouched; else the new one is to be attached in its place (see <see cref="IsStale"/>) and takes over the
/// pin at <see cref="Commit"/>, last, so that a crash before repeats the replacement.
/// </summary>
internal sealed class ProgramStore(PinNames pins) : IDisposable
{
    /// <summary>The programs' constant that says whether the kernel has <see cref="KernelFeature.DecapsulationFamily"/>.</summary>
    private const string DecapsulationFamily = "has_decap_l3";

    private readonly Dictionary<string, BpfProgram> _programs = new(StringComparer.Ordinal);
    private readonly List<string> _unpinned = [];

    public BpfProgram this[string name] =>
        _programs.TryGetValue(name, out BpfProgram? program) ? program : throw new InvalidOperationException($"This build has no program '{name}'.");

    public IReadOnlyCollection<string> Names => _programs.Keys;

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, BpfProgram> Programs => _programs;

    /// <summary>Whether any program differs from what was pinned.</summary>
    public bool IsStale => _unpinned.Count > 0;

    /// <summary>Loads an object, with the maps that are there and those that it brings.</summary>
    /// <exception cref="DataplaneException">The kernel's verifier refuses it, with its log; or a pin is not ours.</exception>
    public void Load(ProgramImage image, MapStore maps, KernelFeatures features)
    {
        using BpfObject loading = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        if (loading.HasGlobal(DecapsulationFamily))
        {
            loading.SetGlobal(DecapsulationFamily, features.Has(KernelFeature.DecapsulationFamily) ? 1u : 0u);
        }

        maps.Prepare(loading);
        try
        {
            loading.Load();
        }
        catch (BpfException failure)
        {
            throw new DataplaneException($"this kernel refuses the programs of {image.Name}: {failure.Message}", failure);
        }

        maps.Collect(loading);
        foreach (string name in loading.Programs.Where(program => program.Value.Autoload).Select(program => program.Key))
        {
            Choose(name, loading.OpenProgram(name));
        }
    }

    /// <summary>The pins name the programs of this build from now on.</summary>
    public void Commit()
    {
        foreach (string name in _unpinned)
        {
            File.Delete(pins.NewProgram(name)); // A crash between these two lines left one.
            _programs[name].Pin(pins.NewProgram(name));
            File.Move(pins.NewProgram(name), pins.Program(name), overwrite: true);
        }

        _unpinned.Clear();
    }

    public void Dispose()
    {
        foreach (BpfProgram program in _programs.Values)
        {
            program.Dispose();
        }

        _programs.Clear();
    }

    private void Choose(string name, BpfProgram fresh)
    {
        BpfProgram? pinned;
        try
        {
            pinned = BpfProgram.TryOpenPinned(pins.Program(name));
        }
        catch (BpfException failure)
        {
            fresh.Dispose();
            throw new DataplaneException($"{pins.Program(name)} cannot be opened as a program of the data plane: {failure.Message}. Remove the file.", failure);
        }

        if (pinned is not null && ProgramIdentity.AreSame(pinned.Info, fresh.Info))
        {
            fresh.Dispose();
            _programs.Add(name, pinned);
            return;
        }

        pinned?.Dispose();
        _programs.Add(name, fresh);
        _unpinned.Add(name);
    }
}
