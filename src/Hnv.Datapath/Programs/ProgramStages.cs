using System.Collections.Frozen;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Programs;

/// <summary>
/// The programs that others end in, by tail call, and where in the map <c>stages</c> they are (bpf/include/stages.h). A number keeps its meaning
/// from build to build, so programs of an older one may end in newer stages while they are replaced; never the other way round.
/// </summary>
internal static class ProgramStages
{
    public static readonly FrozenDictionary<string, uint> Numbers = new Dictionary<string, uint>(StringComparer.Ordinal)
    {
        ["port_ask"] = 0,
        ["port_neighbours"] = 1,
        ["port_groups"] = 2,
        ["port_gateway"] = 3,
        ["port_copies"] = 4,
        ["port_moved"] = 5,
        ["uplink_nvgre6"] = 8,
        ["uplink_vxlan4"] = 9,
        ["uplink_vxlan6"] = 10,
        ["uplink_mtu6"] = 11,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Before any program that ends in them is attached. What is there already is not touched.</summary>
    public static void Fill(BpfMap stages, IReadOnlyDictionary<string, BpfProgram> programs)
    {
        foreach ((string name, uint number) in Numbers)
        {
            if (programs.TryGetValue(name, out BpfProgram? program) && (!stages.TryLookup(in number, out uint id) || id != program.Info.Id))
            {
                stages.UpdateProgram(number, program);
            }
        }
    }

    /// <summary>Takes out stages of other builds, which nothing ends in any more.</summary>
    public static void Trim(BpfMap stages, IReadOnlyDictionary<string, BpfProgram> programs)
    {
        HashSet<uint> ours = [.. Numbers.Where(stage => programs.ContainsKey(stage.Key)).Select(stage => stage.Value)];
        for (uint number = 0; number < stages.Info.MaxEntries; number++)
        {
            if (!ours.Contains(number))
            {
                stages.Delete(in number);
            }
        }
    }
}
