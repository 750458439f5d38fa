using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;

namespace Hnv.Linux.Tests;

public sealed class NamedPipeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-fifo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Path_ToAFifo_IsOne_AndSoIsALinkToIt()
    {
        string fifo = Path.Combine(_directory, "fifo"), link = Path.Combine(_directory, "link");
        using (Process made = Process.Start("mkfifo", fifo))
        {
            made.WaitForExit();
        }

        File.CreateSymbolicLink(link, fifo);
        Assert.True(NamedPipe.Is(fifo));
        Assert.True(NamedPipe.Is(link));
    }

    [Fact]
    public void Path_ToAnOpenPipe_AFileADeviceOrNothing_IsNone()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        string descriptor = string.Create(CultureInfo.InvariantCulture, $"/dev/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}");
        Assert.All([descriptor, "/dev/zero", "/proc/self/exe", _directory, "/nonexistent"], static path => Assert.False(NamedPipe.Is(path), path));
    }
}
