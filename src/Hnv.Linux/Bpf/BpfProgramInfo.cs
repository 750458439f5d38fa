namespace Hnv.Linux.Bpf;

/// <summary>What the kernel says of a program (struct bpf_prog_info).</summary>
/// <param name="Id">Number of the program, unique while it lives.</param>
/// <param name="Tag">Hash of the instructions, 16 hex digits, as bpftool prints it.</param>
/// <param name="Name">Up to 15 characters.</param>
/// <param name="MapIds">Numbers of the maps it uses.</param>
public sealed record BpfProgramInfo(uint Id, BpfProgramType Type, string Tag, string Name, IReadOnlyList<uint> MapIds);

/// <summary>enum bpf_prog_type (linux/bpf.h), those of use to a packet data plane.</summary>
public enum BpfProgramType
{
    Unspecified = 0,
    SocketFilter = 1,
    SchedulerClassifier = 3,
    SchedulerAction = 4,
    Xdp = 6,
    CgroupSkb = 8,
}
