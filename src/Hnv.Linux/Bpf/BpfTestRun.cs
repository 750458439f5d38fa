namespace Hnv.Linux.Bpf;

/// <summary>What came of <see cref="BpfProgram.TestRun"/>.</summary>
/// <param name="ReturnValue">The program's answer, e.g. TC_ACT_*.</param>
/// <param name="Packet">The packet as the program left it.</param>
/// <param name="Context">The context as the program left it (zero for programs without an __sk_buff).</param>
/// <param name="Nanoseconds">Mean duration of one run.</param>
public sealed record BpfTestRun(int ReturnValue, byte[] Packet, SkBuffContext Context, long Nanoseconds);
