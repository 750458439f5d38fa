namespace Hnv.Linux.Bpf;

/// <summary>libbpf or bpf(2) failed.</summary>
public sealed class BpfException : LinuxException
{
    /// <param name="log">What libbpf and the kernel's verifier said, complete; empty when they said nothing.</param>
    public BpfException(string operation, Errno errno, string log = "")
        : base(operation, errno, log.Length == 0 ? null : Environment.NewLine + log) => Log = log;

    /// <summary>libbpf's messages followed by the verifier's complete log.</summary>
    public string Log { get; }

    internal static new BpfException FromLastError(string operation) => new(operation, LastErrno);
}
