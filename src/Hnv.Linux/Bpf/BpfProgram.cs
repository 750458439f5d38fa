using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Bpf;

/// <summary>A loaded BPF program, held open by a descriptor.</summary>
public sealed unsafe class BpfProgram : IDisposable
{
    /// <summary>Larger than any packet that a test run accepts (a page of linear data and its fragments).</summary>
    private const int MaxOutput = 128 * 1024;

    private BpfProgram(SafeFileHandle handle)
    {
        Handle = handle;
        Info = BpfDescriptor.ReadProgramInfo(handle);
    }

    public SafeFileHandle Handle { get; }

    public BpfProgramInfo Info { get; }

    /// <exception cref="BpfException">ENOENT when no such program lives.</exception>
    public static BpfProgram FromId(uint id) => new(BpfDescriptor.FromId(BpfCommand.ProgramGetFdById, id, $"open program {id}"));

    /// <exception cref="BpfException">ENOENT when nothing is pinned there, EINVAL when it is not a program.</exception>
    public static BpfProgram OpenPinned(string path) => TryOpenPinned(path) ?? throw new BpfException($"open pinned program {path}", Errno.ENOENT);

    /// <returns>Null when nothing is pinned there.</returns>
    public static BpfProgram? TryOpenPinned(string path) => BpfDescriptor.TryOpenPinned(path, "bpf-prog") is { } handle ? new BpfProgram(handle) : null;

    /// <summary>Pins the program; it lives until the file is removed.</summary>
    /// <exception cref="BpfException">EEXIST when the name is taken; EPERM when the path is not on a BPF file system.</exception>
    public void Pin(string path) => BpfDescriptor.Pin(Handle, path, $"program '{Info.Name}'");

    /// <summary>
    /// Runs the program on a packet without a device (BPF_PROG_TEST_RUN). Redirects only show their return code, but
    /// clones go to real interfaces. Interface numbers in the context are those of the calling thread's namespace.
    /// </summary>
    /// <param name="packet">At least an Ethernet header (14 bytes), less than a page.</param>
    /// <param name="context">What the program finds in its __sk_buff; null leaves all of it zero.</param>
    /// <param name="repeat">How often to run it; the packet is made once, so changes add up.</param>
    /// <exception cref="BpfException">EINVAL for a packet or context the kernel does not take.</exception>
    public BpfTestRun TestRun(ReadOnlySpan<byte> packet, SkBuffContext? context = null, int repeat = 1)
    {
        var output = ArrayPool<byte>.Shared.Rent(MaxOutput);
        using var lease = new FdLease(Handle);
        try
        {
            fixed (byte* input = packet, outputPointer = output)
            {
                var contextIn = context.GetValueOrDefault();
                var contextOut = default(SkBuffContext);
                var attribute = new BpfTestRunAttribute
                {
                    ProgramFd = lease.Fd,
                    DataIn = input,
                    DataSizeIn = (uint)packet.Length,
                    DataOut = outputPointer,
                    DataSizeOut = MaxOutput,
                    Repeat = (uint)repeat,
                };
                if (Info.Type is BpfProgramType.SchedulerClassifier or BpfProgramType.SchedulerAction or BpfProgramType.CgroupSkb)
                {
                    attribute.ContextIn = &contextIn;
                    attribute.ContextSizeIn = (uint)sizeof(SkBuffContext);
                    attribute.ContextOut = &contextOut;
                    attribute.ContextSizeOut = (uint)sizeof(SkBuffContext);
                }

                if (BpfCall.Invoke(BpfCommand.ProgramTestRun, ref attribute) < 0)
                {
                    throw BpfException.FromLastError($"run program '{Info.Name}' on a packet of {packet.Length} bytes");
                }

                return new BpfTestRun((int)attribute.ReturnValue, output.AsSpan(0, (int)attribute.DataSizeOut).ToArray(), contextOut, attribute.Duration);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    public void Dispose() => Handle.Dispose();

    public override string ToString() => $"'{Info.Name}' (id {Info.Id}, tag {Info.Tag})";

    /// <summary>Takes over a descriptor.</summary>
    internal static BpfProgram FromHandle(SafeFileHandle handle) => new(handle);

    /// <summary>Loads instructions (struct bpf_insn, 8 bytes each) as they are, without libbpf.</summary>
    internal static BpfProgram LoadRaw(BpfProgramType type, string name, ReadOnlySpan<ulong> instructions, string license = "GPL")
    {
        const int logSize = 1 << 20;
        var log = (byte*)NativeMemory.AllocZeroed(logSize);
        try
        {
            fixed (ulong* instructionPointer = instructions)
            fixed (byte* licensePointer = Encoding.UTF8.GetBytes(license + '\0'))
            {
                var attribute = new BpfProgramLoadAttribute
                {
                    Type = (uint)type,
                    InstructionCount = (uint)instructions.Length,
                    Instructions = instructionPointer,
                    License = licensePointer,
                    LogLevel = 1,
                    LogSize = logSize,
                    LogBuffer = log,
                };
                BpfCall.WriteName(attribute.Name, name);
                var fd = BpfCall.Invoke(BpfCommand.ProgramLoad, ref attribute);
                return fd >= 0
                    ? new BpfProgram(new SafeFileHandle(fd, ownsHandle: true))
                    : throw new BpfException($"load program '{name}'", LinuxException.LastErrno, LibBpf.Text(log));
            }
        }
        finally
        {
            NativeMemory.Free(log);
        }
    }
}
