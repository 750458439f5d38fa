using Hnv.Datapath.Programs;
using Hnv.Linux;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath;

/// <summary>
/// Finds out by trying what the running kernel can do. "Not supported" is what the verifier or a helper says of something it does not
/// know; any other failure is one, and thrown, because a wrong answer here would be believed for the life of the host.
/// </summary>
internal static class FeatureProbe
{
    /// <summary>The object that holds the probes (bpf/probe.bpf.c).</summary>
    public const string Image = "probe";

    private const int Supported = 1;
    private const int Unsupported = 0;

    public static KernelFeatures Run() => Run(ProgramImage.Embedded.Single(image => image.Name == Image));

    public static KernelFeatures Run(ProgramImage image) => new(
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        DecapsulationFlags: RunsTrue(image, "probe_decap_flags"),
        RedirectPeer: Loads(image, "probe_redirect_peer"),
        RedirectNeighbour: Loads(image, "probe_redirect_neigh"),
        Loop: Loads(image, "probe_loop"));

    /// <summary>Whether the verifier knows the helpers of a program.</summary>
    private static bool Loads(ProgramImage image, string name)
    {
        using BpfProgram? program = TryLoad(image, name);
        return program is not null;
    }

    /// <summary>Whether a program, run on a packet, says that what it tried works.</summary>
    private static bool RunsTrue(ProgramImage image, string name)
    {
        using BpfProgram? program = TryLoad(image, name);
        return program?.TestRun(EncapsulatedPacket()).ReturnValue switch
        {
            null or Unsupported => false,
            Supported => true,
            var other => throw new DataplaneException($"the kernel answered the probe {name} with {other}, which says neither yes nor no."),
        };
    }

    private static BpfProgram? TryLoad(ProgramImage image, string name)
    {
        using BpfObject loading = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        foreach (BpfObjectProgram program in loading.Programs.Values)
        {
            program.Autoload = program.Name == name;
        }

        try
        {
            loading.Load();
            return loading.OpenProgram(name);
        }
        catch (BpfException failure) when (failure.Errno == Errno.EINVAL && IsUnknownHelper(failure.Log))
        {
            return null;
        }
    }

    /// <summary>The verifier's words for helpers it does not know: "invalid func unknown#152", "unknown func bpf_loop#181".</summary>
    private static bool IsUnknownHelper(string log) =>
        log.Contains("invalid func", StringComparison.Ordinal) || log.Contains("unknown func", StringComparison.Ordinal);

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
