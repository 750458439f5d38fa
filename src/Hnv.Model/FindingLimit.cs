namespace Hnv.Model;

/// <summary>
/// Bounds what is said about one request: a body of one mistake ten million times over must not become ten million findings, each of
/// which is larger than what it is about.
/// </summary>
public static class FindingLimit
{
    /// <summary>Findings of one request that are told.</summary>
    public const int PerRequest = 1000;

    /// <summary>Adds a finding; in place of the first one beyond <see cref="PerRequest"/> one that says so, and nothing after it.</summary>
    public static void AddWithinLimit(this ICollection<Finding> findings, Finding finding)
    {
        if (findings.Count < PerRequest)
        {
            findings.Add(finding);
        }
        else if (findings.Count == PerRequest)
        {
            findings.Add(finding with { Field = "", Problem = $"and more; the first {PerRequest} findings are shown", Remedy = null });
        }
    }
}
