using System.Collections.Immutable;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Programs;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>
/// The programs as they are where the kernel has no memory: once the switch is on, every write of an entry that may be there already
/// (BPF_ANY) fails. A hash map that is full takes those, so that nothing else makes them fail at will.
/// </summary>
internal static class FailingWrites
{
    /// <summary>The map that holds the switch.</summary>
    public const string Switch = "failing";

    private const string Source = """
        #include "include/kernel.h"
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } failing SEC(".maps");
        static __always_inline long update_or_fail(void *map, const void *key, const void *value, __u64 flags)
        {
            __u32 zero = 0, *fails = bpf_map_lookup_elem(&failing, &zero);

            return flags == BPF_ANY && fails && *fails ? -12 : bpf_map_update_elem(map, key, value, flags);
        }
        #define bpf_map_update_elem update_or_fail
        """;

    public static ImmutableArray<ProgramImage> Compile(params IEnumerable<string> programs)
    {
        string folder = Directory.CreateTempSubdirectory("hnvt-").FullName;
        try
        {
            return [.. programs.Select(name => Compile(name, folder))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProgramImage Compile(string name, string folder)
    {
        string source = Path.Combine(folder, $"{name}.bpf.c");
        File.WriteAllText(source, $"{Source}\n#include \"{Path.Combine(Repository.Root, "bpf", name)}.bpf.c\"\n");
        return OtherBuild.Compile(source, folder);
    }
}
