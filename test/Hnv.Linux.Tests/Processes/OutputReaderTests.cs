using System.IO.Pipes;
using Hnv.Linux.Processes;

namespace Hnv.Linux.Tests.Processes;

public sealed class OutputReaderTests
{
    [Fact]
    public void Pipe_IsGone_WhenItsReaderClosedIt()
    {
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        var reader = new AnonymousPipeClientStream(PipeDirection.In, writer.ClientSafePipeHandle);
        int descriptor = (int)writer.SafePipeHandle.DangerousGetHandle();
        Assert.False(OutputReader.IsGone(descriptor));
        reader.Dispose();
        Assert.True(OutputReader.IsGone(descriptor));
    }

    [Fact]
    public void File_IsNeverGone()
    {
        using FileStream file = File.Create(Path.GetTempFileName(), 1, FileOptions.DeleteOnClose);
        Assert.False(OutputReader.IsGone((int)file.SafeFileHandle.DangerousGetHandle()));
    }
}
