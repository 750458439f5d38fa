using System.Collections.Immutable;
using System.Reflection;

namespace Hnv.Datapath.Programs;

/// <summary>A compiled object file of bpf/.</summary>
/// <param name="Name">Of its source, without extension, e.g. <c>port_ingress</c>.</param>
public sealed record ProgramImage(string Name, ImmutableArray<byte> Bytes)
{
    private const string Prefix = "bpf/";
    private const string Extension = ".bpf.o";

    /// <summary>The objects that were compiled into this assembly.</summary>
    public static ImmutableArray<ProgramImage> Embedded { get; } = [.. ReadAll(typeof(ProgramImage).Assembly)];

    private static IEnumerable<ProgramImage> ReadAll(Assembly assembly)
    {
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return new ProgramImage(resource[Prefix.Length..^Extension.Length], ImmutableArray.Create(bytes));
        }
    }
}
