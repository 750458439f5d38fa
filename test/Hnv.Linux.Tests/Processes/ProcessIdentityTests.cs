using System.Diagnostics;
using Hnv.Linux.Processes;

namespace Hnv.Linux.Tests.Processes;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void Current_ThisProcess_IsAlive()
    {
        Assert.True(ProcessIdentity.Current.IsAlive);
        Assert.Equal(ProcessIdentity.Current, ProcessIdentity.Of(Environment.ProcessId));
    }

    [Fact]
    public void IsAlive_SamePidOtherStartOrBoot_IsFalse()
    {
        Assert.False((ProcessIdentity.Current with { StartTime = ProcessIdentity.Current.StartTime - 1 }).IsAlive);
        Assert.False((ProcessIdentity.Current with { BootId = Guid.NewGuid() }).IsAlive);
    }

    [Fact]
    public void IsAlive_ChildEnds_TurnsFalse()
    {
        using var child = Process.Start(new ProcessStartInfo("cat") { UseShellExecute = false, RedirectStandardInput = true })!;
        var identity = ProcessIdentity.Of(child.Id)!;
        Assert.True(identity.IsAlive);
        child.StandardInput.Close();
        child.WaitForExit();
        Assert.False(identity.IsAlive);
    }

    /// <summary>The first thread of the child ends (exit(2), 60 on x86-64, 93 on others) and leaves another one, which ends with the input.</summary>
    [Fact]
    public void IsAlive_FirstThreadIsAZombieAndAnotherRuns_TurnsFalseWithTheLastOne()
    {
        const string script = "import ctypes,platform,sys,threading; threading.Thread(target=sys.stdin.read).start(); ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)";
        using var child = Process.Start(new ProcessStartInfo("python3", ["-c", script]) { UseShellExecute = false, RedirectStandardInput = true })!;
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{child.Id}/stat").Contains(") Z ", StringComparison.Ordinal), TimeSpan.FromMinutes(1)));
        var identity = ProcessIdentity.Of(child.Id)!;
        Assert.True(identity.IsAlive);
        child.StandardInput.Close();
        child.WaitForExit();
        Assert.False(identity.IsAlive);
    }

    [Theory]
    [InlineData("42 (a) b (c) d) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 8888 1 1", 8888L)]
    [InlineData("42 (x) Z 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 8888 1 1", null)]
    [InlineData("42 (x) Z 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 0 0 8888 1 1", null)]
    [InlineData("42 (x) Z 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 2 0 8888 1 1", 8888L)]
    public void Parse_OddNamesAndZombies_AreUnderstood(string stat, long? start) =>
        Assert.Equal(start, ProcessIdentity.Parse(42, stat)?.StartTime);
}
