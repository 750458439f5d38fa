using System.Diagnostics;

namespace Hnv.Linux.Tests;

public sealed class SmallThingsTests
{
    [Fact]
    public void FileLock_Held_NobodyElseGetsIt()
    {
        var path = Path.Combine(Path.GetTempPath(), $"hnv-lock-{Guid.NewGuid():N}");
        try
        {
            using (FileLock.Acquire(path))
            {
                Assert.Null(FileLock.TryAcquire(path));
                using var other = Process.Start("flock", ["-n", path, "true"]);
                other.WaitForExit();
                Assert.Equal(1, other.ExitCode);
            }

            using var again = FileLock.TryAcquire(path);
            Assert.NotNull(again);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void FileLock_Directory_CanBeLocked()
    {
        var directory = Directory.CreateTempSubdirectory("hnv-lock-");
        try
        {
            using var held = FileLock.Acquire(directory.FullName);
            Assert.Null(FileLock.TryAcquire(directory.FullName));
        }
        finally
        {
            directory.Delete();
        }
    }

    [Theory]
    [InlineData(Errno.ENOENT, "do it: ENOENT (No such file or directory): why")]
    [InlineData(Errno.ENOTSUPP, "do it: ENOTSUPP (Operation is not supported): why")]
    public void LinuxException_Message_NamesTheError(Errno errno, string message) =>
        Assert.Equal(message, new LinuxException("do it", errno, "why").Message);
}
