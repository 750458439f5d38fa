using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>enum bpf_tc_attach_point.</summary>
public enum TcDirection
{
    /// <summary>Frames that come in from the device.</summary>
    Ingress = 1,

    /// <summary>Frames that go out to the device.</summary>
    Egress = 2,
}

/// <summary>What is attached at one place of a hook.</summary>
/// <param name="Handle">Number of the filter within its priority.</param>
/// <param name="Priority">Lower ones run first.</param>
public sealed record TcAttachment(uint ProgramId, uint Handle, uint Priority);

/// <summary>
/// The tc hook of an interface (clsact, direct action) in the calling thread's network namespace, by libbpf's bpf_tc_*.
/// A filter keeps its program alive without a pin and goes with its interface.
/// </summary>
public sealed unsafe class TcHook(int interfaceIndex, TcDirection direction)
{
    private const uint Replace = 1; // BPF_TC_F_REPLACE
    private const int Both = (int)TcDirection.Ingress | (int)TcDirection.Egress;

    public int InterfaceIndex { get; } = interfaceIndex;

    public TcDirection Direction { get; } = direction;

    /// <summary>
    /// Makes sure the interface has a qdisc to attach to: clsact, or the ingress qdisc somebody else put there, next to
    /// which clsact cannot be added (that one serves ingress only).
    /// </summary>
    /// <returns>True when this call created clsact, so that it is ours to remove.</returns>
    public static bool EnsureQdisc(int interfaceIndex)
    {
        var hook = new LibBpf.TcHookArguments { Size = (nuint)sizeof(LibBpf.TcHookArguments), InterfaceIndex = interfaceIndex, AttachPoint = Both };
        using var log = LibBpfLog.Capture();
        var result = LibBpf.TcHookCreate(&hook);
        return result == 0 || (Errno)(-result) == Errno.EEXIST
            ? result == 0
            : throw new BpfException($"add clsact to interface {interfaceIndex}", (Errno)(-result), log.Text);
    }

    /// <summary>Removes clsact with all filters of everybody, in both directions.</summary>
    /// <returns>False when there was none.</returns>
    public static bool RemoveQdisc(int interfaceIndex)
    {
        var hook = new LibBpf.TcHookArguments { Size = (nuint)sizeof(LibBpf.TcHookArguments), InterfaceIndex = interfaceIndex, AttachPoint = Both };
        using var log = LibBpfLog.Capture();
        var result = LibBpf.TcHookDestroy(&hook);
        return result == 0 || (Errno)(-result) is Errno.ENOENT or Errno.EINVAL // EINVAL: no qdisc with that handle.
            ? result == 0
            : throw new BpfException($"remove clsact from interface {interfaceIndex}", (Errno)(-result), log.Text);
    }

    /// <summary>Attaches a program; one that is there under the same handle and priority is replaced atomically.</summary>
    /// <exception cref="BpfException">EINVAL when the interface has no suitable qdisc, ENODEV when it does not exist.</exception>
    public TcAttachment Attach(BpfProgram program, uint handle, uint priority)
    {
        ArgumentNullException.ThrowIfNull(program);
        using var lease = new FdLease(program.Handle);
        var options = Options(handle, priority);
        options.ProgramFd = lease.Fd;
        options.Flags = Replace;
        var hook = Arguments();
        using var log = LibBpfLog.Capture();
        var result = LibBpf.TcAttach(&hook, &options);
        return result == 0
            ? new TcAttachment(options.ProgramId, options.Handle, options.Priority)
            : throw Failure($"attach program {program}", result, log);
    }

    /// <returns>Null when nothing is attached there.</returns>
    public TcAttachment? Query(uint handle, uint priority)
    {
        var options = Options(handle, priority);
        var hook = Arguments();
        using var log = LibBpfLog.Capture();
        var result = LibBpf.TcQuery(&hook, &options);
        return result == 0 ? new TcAttachment(options.ProgramId, options.Handle, options.Priority)
            : IsAbsent(result) ? null
            : throw Failure("query", result, log);
    }

    /// <returns>False when nothing was attached there.</returns>
    public bool Detach(uint handle, uint priority)
    {
        var options = Options(handle, priority);
        var hook = Arguments();
        using var log = LibBpfLog.Capture();
        var result = LibBpf.TcDetach(&hook, &options);
        return result == 0 || IsAbsent(result) ? result == 0 : throw Failure("detach", result, log);
    }

    private static LibBpf.TcOptions Options(uint handle, uint priority) =>
        new() { Size = (nuint)sizeof(LibBpf.TcOptions), Handle = handle, Priority = priority };

    /// <summary>ENOENT: no such filter; EINVAL: no qdisc, hence no filter either.</summary>
    private static bool IsAbsent(int result) => (Errno)(-result) is Errno.ENOENT or Errno.EINVAL;

    private LibBpf.TcHookArguments Arguments() =>
        new() { Size = (nuint)sizeof(LibBpf.TcHookArguments), InterfaceIndex = InterfaceIndex, AttachPoint = (int)Direction };

    private BpfException Failure(string operation, int result, LibBpfLog log) =>
        new($"{operation} at tc {Direction} of interface {InterfaceIndex}", (Errno)(-result), log.Text);
}
