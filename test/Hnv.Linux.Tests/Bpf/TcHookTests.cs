using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests.Bpf;

/// <summary>On the loopback of a network namespace without a name, which goes with the thread.</summary>
public sealed class TcHookTests
{
    private const int Loopback = 1;

    private static BpfProgram Load(int answer) =>
        BpfProgram.LoadRaw(BpfProgramType.SchedulerClassifier, "hnv_test", [Instructions.Move(0, answer), Instructions.Exit]);

    [Fact]
    public void EnsureQdisc_Twice_OnlyTheFirstCreates() => AnonymousNamespace.Run(() =>
    {
        Assert.True(TcHook.EnsureQdisc(Loopback));
        Assert.False(TcHook.EnsureQdisc(Loopback));
        Assert.True(TcHook.RemoveQdisc(Loopback));
        Assert.False(TcHook.RemoveQdisc(Loopback));
    });

    [Fact]
    public void EnsureQdisc_NoSuchInterface_ThrowsEnodev() => AnonymousNamespace.Run(() =>
        Assert.Equal(Errno.ENODEV, Assert.Throws<BpfException>(() => TcHook.EnsureQdisc(4711)).Errno));

    [Theory]
    [InlineData(TcDirection.Ingress)]
    [InlineData(TcDirection.Egress)]
    public void Attach_SecondProgram_ReplacesTheFirst(TcDirection direction) => AnonymousNamespace.Run(() =>
    {
        TcHook.EnsureQdisc(Loopback);
        var hook = new TcHook(Loopback, direction);
        using var first = Load(1);
        using var second = Load(2);
        Assert.Null(hook.Query(1, 10));
        Assert.Equal(new TcAttachment(first.Info.Id, 1, 10), hook.Attach(first, 1, 10));
        Assert.Equal(first.Info.Id, hook.Query(1, 10)!.ProgramId);
        hook.Attach(second, 1, 10);
        Assert.Equal(second.Info.Id, hook.Query(1, 10)!.ProgramId);
        var other = new TcHook(Loopback, direction == TcDirection.Ingress ? TcDirection.Egress : TcDirection.Ingress);
        Assert.Null(other.Query(1, 10));
        Assert.True(hook.Detach(1, 10));
        Assert.False(hook.Detach(1, 10));
        Assert.Null(hook.Query(1, 10));
    });

    [Fact]
    public void Attach_NoQdisc_ThrowsWithTheKernelsWords() => AnonymousNamespace.Run(() =>
    {
        using var program = Load(0);
        var e = Assert.Throws<BpfException>(() => new TcHook(Loopback, TcDirection.Ingress).Attach(program, 1, 1));
        Assert.Contains("tc Ingress of interface 1", e.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Query_NoQdisc_IsNull() => AnonymousNamespace.Run(() => Assert.Null(new TcHook(Loopback, TcDirection.Ingress).Query(1, 1)));
}
