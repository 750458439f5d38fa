namespace Hnv.Linux.Tests;

public sealed class ReplacedFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-file-").FullName;

    private string Target => Path.Combine(_directory, "state.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_OverAFileAndALeftover_LeavesTheNewContentAloneAndOnlyForItsOwner()
    {
        File.WriteAllText(Target, "old");
        File.WriteAllText(Target + ReplacedFile.Unfinished, "a leftover that is longer than what is written");

        ReplacedFile.Write(Target, "new"u8);

        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(_directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Target));
    }

    [Fact]
    public void Write_ThatFailsInTheMiddle_LeavesTheOldContent()
    {
        File.WriteAllText(Target, "old");

        Assert.Throws<IOException>(() => ReplacedFile.Write(Target, static file =>
        {
            file.Write("half of"u8);
            throw new IOException("no space left");
        }));

        Assert.Equal("old", File.ReadAllText(Target));
    }

    [Fact]
    public void Write_WhereItMayNot_Throws()
    {
        Directory.CreateDirectory(Target);

        Assert.ThrowsAny<SystemException>(() => ReplacedFile.Write(Target, "new"u8));
    }
}
