using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>What the rules work with: the model before and after, who is told, and the findings so far.</summary>
internal sealed class Judgement(CloudModel current, CloudModel next, Viewer viewer, IReadOnlyDictionary<ResourceId, int> ordinals)
{
    private const int NamedInAList = 3;

    public CloudModel Current { get; } = current;

    public CloudModel Next { get; } = next;

    public Viewer Viewer { get; } = viewer;

    public List<Finding> Findings { get; } = [];

    public void Add(AppliedChange about, string field, string problem, string? remedy = null) =>
        Findings.AddWithinLimit(new Finding(about.Id.ToString(), field, problem, remedy, about.Document));

    /// <summary>Whether the resource is part of the change set; what is wrong with it is then told about itself.</summary>
    public bool IsChanged(ResourceId id) => ordinals.ContainsKey(id);

    /// <summary>Of two that conflict the later one in the change set is told, once; what is not in it was there first.</summary>
    public bool ComesBefore(ResourceId other, ResourceId self) => ordinals.GetValueOrDefault(other, -1) < ordinals.GetValueOrDefault(self, -1);

    /// <summary>"already used by Port blue-corp/blue1", or without the name where the viewer must not learn it.</summary>
    public string UsedBy(ResourceId other) => Viewer.MaySee(other) ? $"already used by {other}" : "already in use";

    /// <summary>"Port a/x, Port a/y, Port a/z and 4 more"; only those the viewer may see are named.</summary>
    public string List(IReadOnlyCollection<ResourceId> ids)
    {
        List<string> names = [.. ids.Where(Viewer.MaySee).Take(NamedInAList).Select(static id => id.ToString())];
        return names.Count == 0 ? $"{ids.Count} objects of others" : Join(names, ids.Count);
    }

    /// <summary>The first of some texts, and how many more there are.</summary>
    public static string Join(IReadOnlyCollection<string> texts, int count)
    {
        string listed = string.Join(", ", texts.Take(NamedInAList));
        int more = count - Math.Min(texts.Count, NamedInAList);
        return more == 0 ? listed : $"{listed} and {more} more";
    }
}
