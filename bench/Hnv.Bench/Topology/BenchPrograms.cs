using Hnv.Linux.Bpf;

namespace Hnv.Bench.Topology;

/// <summary>The eBPF programs of <c>bench/bpf</c>, embedded in this assembly.</summary>
internal static class BenchPrograms
{
    private const uint Handle = 1;
    private const uint Priority = 1;

    /// <summary>Opens an object file; its constants can still be set.</summary>
    /// <param name="name">Of the file and of the program in it, e.g. <c>bare_encap</c>.</param>
    public static BpfObject Open(string name)
    {
        using Stream stream = typeof(BenchPrograms).Assembly.GetManifestResourceStream($"bpf/{name}.bpf.o")
            ?? throw new BenchException($"The program {name} was not built into {typeof(BenchPrograms).Assembly.GetName().Name}.");
        byte[] image = new byte[stream.Length];
        stream.ReadExactly(image);
        return BpfObject.Open(image, name);
    }

    /// <summary>The program that was attached at an interface's tc ingress.</summary>
    public static BpfProgram OpenAttached(Machine machine, string link) => machine.Inside.Run(() =>
        BpfProgram.FromId(new TcHook(machine.IndexOf(link), TcDirection.Ingress).Query(Handle, Priority)?.ProgramId
            ?? throw new BenchException($"No program is attached to {link} of {machine.Name}.")));

    /// <summary>Loads it and attaches it at an interface's tc ingress, where the filter keeps it alive.</summary>
    public static void AttachToIngress(this BpfObject program, Machine machine, string link) => program.Attach(machine, link, TcDirection.Ingress);

    /// <summary>Loads it and attaches it at tc, where the filter keeps it alive.</summary>
    public static void Attach(this BpfObject program, Machine machine, string link, TcDirection direction)
    {
        program.Load();
        using BpfProgram loaded = program.OpenProgram(program.Name);
        machine.Inside.Run(() =>
        {
            int index = machine.IndexOf(link);
            TcHook.EnsureQdisc(index);
            new TcHook(index, direction).Attach(loaded, Handle, Priority);
        });
    }
}
