using System.Collections.Immutable;
using System.Net;
using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Kernel;

/// <summary>
/// Finds out by trying what the running kernel can do: programs that use a helper are loaded, devices and filters are made in a network
/// namespace that ends with the probe. "Not supported" is what the kernel says of something it does not know; whatever else it says (no
/// permission, no memory) is a failure of the probe, and tells nothing about the kernel.
/// </summary>
internal static class FeatureProbe
{
    /// <summary>The object that holds the probes (bpf/probe.bpf.c).</summary>
    public const string Image = "probe";

    private const int Yes = 1;
    private const int No = 0;

    public static KernelFeatures Run() => Run(ProgramImage.Embedded.Single(image => image.Name == Image));

    public static KernelFeatures Run(ProgramImage image) => new(
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        [
            Loads(KernelFeature.RedirectNeighbour, image, "probe_redirect_neigh"),
            Loads(KernelFeature.RedirectPeer, image, "probe_redirect_peer"),
            Loads(KernelFeature.Loop, image, "probe_loop"),
            .. Devices(image),
            SaysYes(KernelFeature.DecapsulationFamily, image, "probe_decap_flags"),
            SegmentRouting(),
        ]);

    /// <summary>Whether the verifier knows the helpers of a program.</summary>
    private static FeatureFinding Loads(KernelFeature feature, ProgramImage image, string name) => Try(feature, () => Load(image, name).Dispose());

    /// <summary>Whether a program, run on a packet, says that what it tried works.</summary>
    private static FeatureFinding SaysYes(KernelFeature feature, ProgramImage image, string name)
    {
        int answer = Yes;
        FeatureFinding loaded = Try(feature, () =>
        {
            using BpfProgram program = Load(image, name);
            answer = program.TestRun(EncapsulatedPacket()).ReturnValue;
        });
        return answer switch
        {
            Yes => loaded,
            No => new FeatureFinding(feature, FeatureState.Unsupported, "EINVAL: the helper does not know the flags"),
            _ => new FeatureFinding(feature, FeatureState.Failed, $"the probe {name} says {answer}, which is neither yes nor no"),
        };
    }

    private static ImmutableArray<FeatureFinding> Devices(ProgramImage image)
    {
        int index = 1; // The loopback, should there be no other.
        return Within(
            [KernelFeature.Veth, KernelFeature.Clsact, KernelFeature.BpfFilter],
            route =>
            [
                Try(KernelFeature.Veth, () => index = route.CreateVeth(new VethSpec("probe0", "probe1")).Index),
                Try(KernelFeature.Clsact, () => TcHook.EnsureQdisc(index)),
                Try(KernelFeature.BpfFilter, () =>
                {
                    using BpfProgram program = Load(image, "probe_filter");
                    new TcHook(index, TcDirection.Ingress).Attach(program, TcIdentity.Handle, TcIdentity.Priority);
                }),
            ]);
    }

    private static FeatureFinding SegmentRouting()
    {
        const string disable = "net/ipv6/conf/lo/disable_ipv6", unwrap = "fd48:4e56::1/128";
        return Within([KernelFeature.SegmentRouting], route =>
        {
            if (!Sysctl.Exists(disable))
            {
                return [new FeatureFinding(KernelFeature.SegmentRouting, FeatureState.Unsupported, "the kernel runs without IPv6")];
            }

            return [Try(KernelFeature.SegmentRouting, () =>
            {
                Sysctl.Write(disable, 0);
                route.SetUp(1);
                route.ReplaceRoute(new RouteSpec(IPNetwork.Parse(unwrap)) { InterfaceIndex = 1, DecapsulateTo = 1 });
            })];
        })[0];
    }

    /// <summary>Tries features in a network namespace that nobody else sees, and that leaves nothing behind.</summary>
    private static ImmutableArray<FeatureFinding> Within(ReadOnlySpan<KernelFeature> features, Func<Rtnetlink, ImmutableArray<FeatureFinding>> tries)
    {
        try
        {
            using NetworkNamespace place = NetworkNamespace.CreateUnnamed("feature probe");
            return place.Run(() =>
            {
                using var route = new Rtnetlink();
                return tries(route);
            });
        }
        catch (LinuxException failure)
        {
            return [.. features.ToArray().Select(feature => new FeatureFinding(feature, FeatureState.Failed, failure.Message))];
        }
    }

    private static FeatureFinding Try(KernelFeature feature, Action use)
    {
        try
        {
            use();
            return new FeatureFinding(feature, FeatureState.Supported);
        }
        catch (Exception failure) when (failure is LinuxException or IOException or UnauthorizedAccessException)
        {
            return new FeatureFinding(feature, IsUnknown(failure) ? FeatureState.Unsupported : FeatureState.Failed, Tell(failure));
        }
    }

    /// <summary>
    /// How the kernel says that it does not know something. Verifier: "invalid func unknown#152", "unknown func bpf_loop#181", with EINVAL. Netlink: EOPNOTSUPP
    /// for a kind of link or encapsulation. tc: ENOENT for a kind of qdisc or filter.
    /// </summary>
    private static bool IsUnknown(Exception failure) => failure switch
    {
        BpfException { Errno: Errno.EINVAL } verifier =>
            verifier.Log.Contains("invalid func", StringComparison.Ordinal) || verifier.Log.Contains("unknown func", StringComparison.Ordinal),
        BpfException tc => tc.Errno == Errno.ENOENT,
        NetlinkException netlink => netlink.Errno == Errno.EOPNOTSUPP,
        _ => false,
    };

    /// <summary>The first line: what was attempted, and the error. The verifier's words are for whoever changes a program.</summary>
    private static string Tell(Exception failure)
    {
        string text = failure.Message.Split('\n', 2)[0].TrimEnd('\r', ' ', ':');
        return failure is LinuxException { Errno: Errno.EPERM } ? text + "; the agent needs root's capabilities" : text;
    }

    private static BpfProgram Load(ProgramImage image, string name)
    {
        using BpfObject loading = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        foreach (BpfObjectProgram program in loading.Programs.Values)
        {
            program.Autoload = program.Name == name;
        }

        loading.Load();
        return loading.OpenProgram(name);
    }

    /// <summary>Ethernet, IPv4, and 60 bytes in which the probe sees an inner IPv4 packet.</summary>
    private static byte[] EncapsulatedPacket()
    {
        byte[] packet = new byte[14 + 20 + 60];
        packet[12] = 0x08; // EtherType IPv4
        packet[14] = packet[34] = 0x45;
        packet[23] = 4; // IPPROTO_IPIP
        return packet;
    }
}
