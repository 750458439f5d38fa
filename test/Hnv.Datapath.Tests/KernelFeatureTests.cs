using Hnv.Datapath.Kernel;

namespace Hnv.Datapath.Tests;

/// <summary>The probe against what is known of releases; also run on the oldest supported kernel (OldestKernelTests).</summary>
public sealed class KernelFeatureTests
{
    public static TheoryData<KernelFeature> Features { get; } = [.. Enum.GetValues<KernelFeature>()];

    [Theory]
    [MemberData(nameof(Features))]
    public void Probe_OnThisKernel_FindsWhatItsReleaseHas(KernelFeature feature)
    {
        KernelFeatures found = FeatureProbe.Run();
        FeatureFinding finding = found.Findings.Single(each => each.Feature == feature);
        Version release = Version.Parse(string.Concat(found.Release.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')).TrimEnd('.'));
        FeatureState expected = release >= Version.Parse(finding.Facts.Since) ? FeatureState.Supported : FeatureState.Unsupported;
        Assert.True(finding.State == expected, $"{finding} on {found.Release}");
    }
}
