using System.Collections.Immutable;

namespace Hnv.Datapath.Kernel;

/// <summary>What a probe of one feature found.</summary>
/// <param name="Reason">What the kernel said of it; null of a supported one.</param>
public sealed record FeatureFinding(KernelFeature Feature, FeatureState State, string? Reason = null)
{
    public KernelFeatureFacts Facts => KernelFeatureFacts.Of(Feature);
}

/// <summary>What the running kernel can do, found by trying.</summary>
/// <param name="Release">Of the kernel, e.g. 6.18.44.</param>
/// <param name="Findings">One of every feature.</param>
public sealed record KernelFeatures(string Release, ImmutableArray<FeatureFinding> Findings)
{
    /// <summary>Whether it is missing for certain: where its probe failed, it may be there.</summary>
    public bool Lacks(KernelFeature feature) => Findings.Any(finding => finding.Feature == feature && finding.State == FeatureState.Unsupported);

    /// <summary>Whether it is there for certain.</summary>
    public bool Has(KernelFeature feature) => Findings.Any(finding => finding.Feature == feature && finding.State == FeatureState.Supported);

    /// <summary>What could not be found out does not matter here: whoever needs it hears the same from the kernel.</summary>
    /// <exception cref="DataplaneException">Something is missing without which nothing works; with the release and what to do.</exception>
    public void Require()
    {
        FeatureFinding[] missing = [.. Findings.Where(finding => finding.Facts.Required && Lacks(finding.Feature))];
        if (missing.Length > 0)
        {
            throw new DataplaneException($"this kernel ({Release}) lacks what the data plane needs: {string.Join("; ", missing.Select(Tell))}.");
        }
    }

    private static string Tell(FeatureFinding finding) => $"{finding.Facts.Name} ({finding.Facts.Since} and newer have it): {finding.Facts.Remedy}";
}
