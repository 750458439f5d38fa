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

    [Theory]
    [InlineData("42 (a) b (c) d) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 8888 1 1", 8888L)]
    [InlineData("42 (x) Z 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 8888 1 1", null)]
    public void Parse_OddNamesAndZombies_AreUnderstood(string stat, long? start) =>
        Assert.Equal(start, ProcessIdentity.Parse(42, stat)?.StartTime);
}
