using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests.Bpf;

public sealed class BpfProgramTests
{
    private static BpfProgram Load(params ulong[] instructions) =>
        BpfProgram.LoadRaw(BpfProgramType.SchedulerClassifier, "hnv_test", instructions);

    [Fact]
    public void LoadRaw_Refused_ThrowsWithLog()
    {
        var e = Assert.Throws<BpfException>(() => Load(Instructions.Exit));
        Assert.Contains("R0 !read_ok", e.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void TestRun_Program_ReturnsItsAnswerAndThePacket()
    {
        using var program = Load(Instructions.Move(0, 7), Instructions.Exit);
        byte[] packet = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        var run = program.TestRun(packet, repeat: 100);
        Assert.Equal(7, run.ReturnValue);
        Assert.Equal(packet, run.Packet);
        Assert.True(run.Nanoseconds >= 0);
    }

    [Fact]
    public void TestRun_NegativeAnswer_StaysNegative()
    {
        using var program = Load(Instructions.Move(0, -1), Instructions.Exit); // TC_ACT_UNSPEC
        Assert.Equal(-1, program.TestRun(new byte[64]).ReturnValue);
    }

    [Theory]
    [InlineData(8, 11)] // mark
    [InlineData(32, 13)] // priority
    [InlineData(36, 1)] // ingress_ifindex
    [InlineData(40, 1)] // ifindex
    [InlineData(48, 14)] // cb[0]
    [InlineData(64, 15)] // cb[4]
    [InlineData(160, 90)] // wire_len
    [InlineData(164, 2)] // gso_segs
    [InlineData(176, 16)] // gso_size
    public void TestRun_Context_ProgramSeesEachField(short offset, int expected)
    {
        using var program = Load(Instructions.Load32(0, 1, offset), Instructions.Exit);
        var context = new SkBuffContext
        {
            Mark = 11,
            Priority = 13,
            IngressInterface = 1,
            Interface = 1,
            WireLength = 90,
            GsoSegments = 2,
            GsoSize = 16,
        };
        context.Cb[0] = 14;
        context.Cb[4] = 15;
        Assert.Equal(expected, program.TestRun(new byte[64], context).ReturnValue);
    }

    [Fact]
    public void TestRun_ProgramWritesContext_ComesBack()
    {
        using var program = Load(
            Instructions.Move(0, 0), Instructions.Move(2, 77), Instructions.Store32(1, 8, 2), Instructions.Store32(1, 52, 2), Instructions.Exit);
        var run = program.TestRun(new byte[64]);
        Assert.Equal(77u, run.Context.Mark);
        Assert.Equal(77u, run.Context.Cb[1]);
    }

    [Fact]
    public void TestRun_TooShortPacket_ThrowsEinval()
    {
        using var program = Load(Instructions.Move(0, 0), Instructions.Exit);
        Assert.Equal(Errno.EINVAL, Assert.Throws<BpfException>(() => program.TestRun(new byte[10])).Errno);
    }

    [Fact]
    public void FromId_LivingProgram_IsTheSame()
    {
        using var program = Load(Instructions.Move(0, 0), Instructions.Exit);
        using var again = BpfProgram.FromId(program.Info.Id);
        Assert.Equal((program.Info.Id, program.Info.Tag, "hnv_test"), (again.Info.Id, again.Info.Tag, again.Info.Name));
    }

    [Fact]
    public void CpuPinning_EachCpu_RunsThere()
    {
        using var program = Load(Instructions.Call(8), Instructions.Exit); // bpf_get_smp_processor_id
        for (var cpu = 0; cpu < PossibleCpus.Count; cpu++)
        {
            Assert.Equal(cpu, CpuPinning.Run(cpu, () => program.TestRun(new byte[64]).ReturnValue));
        }
    }

    [Fact]
    public void CpuPinning_NoSuchCpu_Throws() =>
        Assert.Equal(Errno.EINVAL, Assert.Throws<LinuxException>(() => CpuPinning.Run(5000, () => 0)).Errno);
}
