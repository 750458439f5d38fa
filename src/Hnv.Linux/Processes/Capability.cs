using System.Globalization;

namespace Hnv.Linux.Processes;

/// <summary>What root may do, piece by piece: capabilities(7). Values are those of linux/capability.h.</summary>
public enum Capability
{
    /// <summary>Links, filters, routes.</summary>
    NetAdmin = 12,

    /// <summary>Mounts, and to find programs and maps by number.</summary>
    SysAdmin = 21,

    /// <summary>Programs and maps. Whoever has <see cref="SysAdmin"/> may that, too.</summary>
    Bpf = 39,
}

/// <summary>Names of capabilities, and which of them this process has.</summary>
public static class Capabilities
{
    private const string Effective = "CapEff:";

    /// <summary>As people write it: <c>CAP_NET_ADMIN</c>.</summary>
    public static string NameOf(Capability capability) => capability switch
    {
        Capability.NetAdmin => "CAP_NET_ADMIN",
        Capability.SysAdmin => "CAP_SYS_ADMIN",
        Capability.Bpf => "CAP_BPF",
        _ => throw new ArgumentOutOfRangeException(nameof(capability), capability, "Not one of this enumeration."),
    };

    /// <summary>Whether this process has it now: in its effective set (proc_pid_status(5)), in whatever user namespace it is.</summary>
    /// <exception cref="IOException">/proc is not mounted.</exception>
    public static bool Has(Capability capability)
    {
        string line = File.ReadLines("/proc/self/status").FirstOrDefault(static l => l.StartsWith(Effective, StringComparison.Ordinal))
            ?? throw new IOException("/proc/self/status does not say which capabilities this process has.");
        ulong set = ulong.Parse(line.AsSpan(Effective.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (set & (1UL << (int)capability)) != 0;
    }
}
