using System.Collections.Immutable;
using Hnv.Datapath.Programs;

namespace Hnv.Datapath.Maps.Tests.Support;

/// <summary>Compiles eBPF programs for tests.</summary>
internal static class OtherBuild
{
    private static readonly string s_source = Path.Combine(Repository.Root, "bpf");

    /// <summary>The programs as another version might have them: encapsulated packets live one hop shorter.</summary>
    public static ImmutableArray<ProgramImage> Compile(string folder) => Compile(folder, "#define HNV_OUTER_TTL 64", "#define HNV_OUTER_TTL 63");

    /// <summary>The programs with another line in place of one that is in one file.</summary>
    public static ImmutableArray<ProgramImage> Compile(string folder, string ours, string theirs)
    {
        string copy = Path.Combine(folder, "source");
        int changed = 0;
        foreach (string file in Directory.GetFiles(s_source, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".c" or ".h"))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(s_source, file)), text = File.ReadAllText(file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, text.Replace(ours, theirs, StringComparison.Ordinal));
            changed += text.Contains(ours, StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(1, changed);
        return [.. Directory.GetFiles(copy, "*.bpf.c").Select(source => Compile(source, folder))];
    }

    public static ProgramImage Compile(string source, string folder)
    {
        string output = Path.Combine(folder, Path.ChangeExtension(Path.GetFileName(source), ".o"));
        Command.Run(
            Environment.GetEnvironmentVariable("CLANG") ?? "clang-16",
            ["-O2", "-g", "-target", "bpf", "-mcpu=v3", $"-I/usr/include/{Command.Run("uname", "-m").Trim()}-linux-gnu", $"-I{s_source}", "-c", source, "-o", output]);
        string name = Path.GetFileName(source);
        return new ProgramImage(name[..^".bpf.c".Length], ImmutableArray.Create(File.ReadAllBytes(output)));
    }
}
