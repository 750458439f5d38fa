using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests;

public sealed class FeatureProbeTests
{
    [Fact]
    public void Run_OnAKernelWithAll_FindsAll()
    {
        KernelFeatures features = FeatureProbe.Run();
        Version kernel = Version.Parse(features.Kernel.Split('-', '+')[0]);

        Assert.Equal(kernel >= new Version(6, 3), features.DecapsulationFlags);
        Assert.Equal(kernel >= new Version(5, 17), features.Loop);
        Assert.True(features.RedirectPeer);
        Assert.True(features.RedirectNeighbour);
    }

    [Fact]
    public void Run_HelperThatNoKernelHas_IsNotSupported() =>
        Assert.False(Run(loop: "return ((long (*)(void))60000)();").Loop);

    [Fact]
    public void Run_FlagThatNoKernelHas_IsNotSupported() =>
        Assert.False(Run(decap: "return bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, 1ULL << 40) == -22 ? 0 : 1;").DecapsulationFlags);

    [Fact]
    public void Run_ProbeThatFails_IsAFailure()
    {
        Assert.Throws<DataplaneException>(() => Run(decap: "return 2;"));
        Assert.Throws<BpfException>(() => Run(loop: "return *(long *)(long)skb->mark;"));
    }

    private static KernelFeatures Run(string decap = "return 1;", string loop = "return 0;")
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
                SEC("tc") int probe_loop(struct __sk_buff *skb) { {{loop}} }
                char LICENSE[] SEC("license") = "GPL";
                """);
            return FeatureProbe.Run(OtherBuild.Compile(source, folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
