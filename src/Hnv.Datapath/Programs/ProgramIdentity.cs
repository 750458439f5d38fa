using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Programs;

/// <summary>Whether two loaded programs do the same. The kernel's tag hashes the instructions, but neither maps nor constants.</summary>
internal static class ProgramIdentity
{
    public static bool AreSame(BpfProgramInfo one, BpfProgramInfo other)
    {
        if (one.Tag != other.Tag || one.Name != other.Name || one.MapIds.Count != other.MapIds.Count)
        {
            return false;
        }

        (HashSet<uint> Shared, List<string> Constants) first = Describe(one), second = Describe(other);
        return first.Shared.SetEquals(second.Shared) && first.Constants.SequenceEqual(second.Constants, StringComparer.Ordinal);
    }

    /// <summary>Shared maps by number; an object's own ones, which are made anew at every load, by name and content.</summary>
    private static (HashSet<uint> Shared, List<string> Constants) Describe(BpfProgramInfo program)
    {
        HashSet<uint> shared = [];
        List<string> constants = [];
        foreach (uint id in program.MapIds)
        {
            using BpfMap map = BpfMap.FromId(id);
            if (!map.Info.Name.Contains('.', StringComparison.Ordinal))
            {
                shared.Add(id);
            }
            else if (map.Info.Name.Contains(".ro", StringComparison.Ordinal))
            {
                byte[] content = new byte[map.Info.ValueSize];
                map.TryLookup([0, 0, 0, 0], content);
                constants.Add($"{map.Info.Name}={Convert.ToHexString(content)}");
            }
            else
            {
                constants.Add(map.Info.Name);
            }
        }

        constants.Sort(StringComparer.Ordinal);
        return (shared, constants);
    }
}
