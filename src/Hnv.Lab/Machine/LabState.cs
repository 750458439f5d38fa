using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Machine;

/// <summary>
/// What a lab has made or is about to make; written before it is made, so that after any crash <c>lab down</c> finds it.
/// </summary>
/// <param name="FileName">Where the topology came from.</param>
/// <param name="TopologyText">The lab file itself: <c>lab up</c> without a file mends what runs.</param>
/// <param name="Namespaces">Names of network namespaces that belong to this lab.</param>
/// <param name="IsUp">The last <c>up</c> came to its end.</param>
internal sealed record LabState(string FileName, string TopologyText, ImmutableArray<string> Namespaces, bool IsUp)
{
    /// <summary>VMs that are not where the file has them, because they were moved.</summary>
    public ImmutableArray<LabMovedVm> Moved { get; init; } = [];

    /// <summary>The file, with every VM where it is.</summary>
    public LabTopology Topology => LabFileReader.Parse(TopologyText, FileName).Moved(Moved);

    /// <summary>The state of a lab; null when there is none.</summary>
    public static LabState? Read(LabPaths paths)
    {
        try
        {
            return JsonSerializer.Deserialize<LabState>(File.ReadAllBytes(paths.State), HnvJson.Options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new LabException($"{paths.State} is damaged ({e.Message}). Remove the lab's namespaces ('ip netns') and {paths.Root}.", e);
        }
    }

    public void Write(LabPaths paths)
    {
        string next = paths.State + ".new";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(this, HnvJson.Options));
        File.Move(next, paths.State, overwrite: true);
    }
}
