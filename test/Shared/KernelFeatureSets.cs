using Hnv.Datapath.Kernel;

namespace Hnv.Tests;

/// <summary>Kernels other than the running one.</summary>
internal static class KernelFeatureSets
{
    /// <summary>A kernel that has everything.</summary>
    public static KernelFeatures All(string release) =>
        new(release, [.. Enum.GetValues<KernelFeature>().Select(feature => new FeatureFinding(feature, FeatureState.Supported))]);

    /// <summary>The same kernel, as if it lacked something.</summary>
    public static KernelFeatures Without(this KernelFeatures features, KernelFeature feature) => features with
    {
        Findings = [.. features.Findings.Select(finding => finding.Feature == feature ? new FeatureFinding(feature, FeatureState.Unsupported, "left out") : finding)],
    };
}
