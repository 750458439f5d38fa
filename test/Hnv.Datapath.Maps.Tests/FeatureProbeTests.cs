using System.Net.Sockets;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Ports;

namespace Hnv.Datapath.Maps.Tests;

public sealed class FeatureProbeTests
{
    [Fact]
    public void Run_HelperThatNoKernelHas_IsNotSupported() =>
        Assert.Equal(FeatureState.Unsupported, Find(KernelFeature.Loop, loop: "return ((long (*)(void))60000)();").State);

    [Fact]
    public void Run_FlagThatNoKernelHas_IsNotSupported() =>
        Assert.Equal(
            FeatureState.Unsupported,
            Find(KernelFeature.DecapsulationFamily, decap: "return bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, 1ULL << 40) == -22 ? 0 : 1;").State);

    [Theory]
    [InlineData(KernelFeature.DecapsulationFamily, "return 2;", "return 0;")]
    [InlineData(KernelFeature.Loop, "return 1;", "return *(long *)(long)skb->mark;")]
    public void Run_ProbeThatIsRefusedForAnotherReason_FailedAndSaysWhy(KernelFeature feature, string decap, string loop)
    {
        FeatureFinding finding = Find(feature, decap, loop);
        Assert.Equal(FeatureState.Failed, finding.State);
        Assert.False(string.IsNullOrEmpty(finding.Reason));
    }

    [Fact]
    public void Require_WithoutSomethingOptional_IsContent()
    {
        KernelFeatures features = With(KernelFeature.DecapsulationFamily, FeatureState.Unsupported);
        features.Require();
        Assert.False(features.Has(KernelFeature.DecapsulationFamily));
        Assert.True(features.Has(KernelFeature.Loop));
    }

    [Fact]
    public void Open_WithoutSomethingRequired_NamesTheKernelAndTheRemedy()
    {
        using var host = new TestHost();
        string message = Assert.Throws<DataplaneException>(() => host.Open(new DataplaneBuild { Features = With(KernelFeature.Loop, FeatureState.Unsupported) })).Message;
        Assert.All(["5.10.0-test", "bpf_loop", "5.17", "run Linux 6.1 or newer"], word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Require_WithSomethingThatCouldNotBeTried_LeavesItToTheKernel() => With(KernelFeature.Loop, FeatureState.Failed).Require();

    [Theory]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork, PortDevice.VethPeer, DecapsulationWay.Peer, DecapsulationWay.Peer)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, PortDevice.VethPeer, DecapsulationWay.Peer, DecapsulationWay.ChangeProtocol)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork, PortDevice.Normalise, DecapsulationWay.SegmentRouting, DecapsulationWay.SegmentAndMerge)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, PortDevice.Normalise, DecapsulationWay.SegmentRouting, DecapsulationWay.SegmentAndMerge)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetwork, PortDevice.VethPeer, DecapsulationWay.Peer, DecapsulationWay.ChangeProtocol)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6, PortDevice.VethPeer, DecapsulationWay.Peer, DecapsulationWay.Peer)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetwork, PortDevice.Normalise, DecapsulationWay.SegmentRouting, DecapsulationWay.SegmentAndMerge)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6, PortDevice.Normalise, DecapsulationWay.SegmentRouting, DecapsulationWay.SegmentAndMerge)]
    public void Decapsulations_OfEveryFamilyAndPort_WithAllFeaturesAndWithout(
        AddressFamily provider, AddressFamily customer, PortDevice device, DecapsulationWay all, DecapsulationWay without)
    {
        KernelFeatures few = With(KernelFeature.DecapsulationFamily, FeatureState.Failed);
        Assert.Equal(all, Assert.Single(Decapsulation.All(KernelFeatureSets.All("6.18"), unwraps: true), IsIt).Way);
        Assert.Equal(without, Assert.Single(Decapsulation.All(few, unwraps: false), IsIt).Way);
        Assert.Equal(8, Decapsulation.All(few, unwraps: false).Length);

        bool IsIt(Decapsulation each) => (each.Provider, each.Customer, each.Device) == (provider, customer, device);
    }

    private static KernelFeatures With(KernelFeature feature, FeatureState state)
    {
        KernelFeatures all = KernelFeatureSets.All("5.10.0-test");
        return all with { Findings = [.. all.Findings.Select(finding => finding.Feature == feature ? new FeatureFinding(feature, state, "out of luck") : finding)] };
    }

    private static FeatureFinding Find(KernelFeature feature, string decap = "return 1;", string loop = "return 0;")
    {
        string folder = Directory.CreateTempSubdirectory("hnvt-").FullName;
        try
        {
            string source = Path.Combine(folder, "probe.bpf.c");
            File.WriteAllText(source, $$"""
                #include "include/kernel.h"
                SEC("tc") int probe_decap_flags(struct __sk_buff *skb) { {{decap}} }
                SEC("tc") int probe_redirect_peer(struct __sk_buff *skb) { return 0; }
                SEC("tc") int probe_redirect_neigh(struct __sk_buff *skb) { return 0; }
                SEC("tc") int probe_filter(struct __sk_buff *skb) { return 0; }
                SEC("tc") int probe_loop(struct __sk_buff *skb) { {{loop}} }
                char LICENSE[] SEC("license") = "GPL";
                """);
            return FeatureProbe.Run(OtherBuild.Compile(source, folder)).Findings.Single(finding => finding.Feature == feature);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
