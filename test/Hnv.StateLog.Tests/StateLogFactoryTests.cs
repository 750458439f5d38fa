using Hnv.StateLog.Memory;
using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests;

public sealed class StateLogFactoryTests
{
    [Fact]
    public async Task Open_Memory_IsTheMemoryEngine()
    {
        await using IStateLog log = StateLogFactory.Open("memory");
        Assert.IsType<MemoryStateLog>(log);
    }

    [Fact]
    public async Task Open_SqlitePath_IsTheFileOfThatName()
    {
        using var directory = TemporaryDirectory.InMemory();
        await using (IStateLog log = StateLogFactory.Open("sqlite:" + directory.File("with:colon.db")))
        {
            Assert.Equal(directory.File("with:colon.db"), Assert.IsType<SqliteStateLog>(log).FilePath);
        }
    }

    [Theory]
    [InlineData("etcd:http://127.0.0.1:2379", "not in this version")]
    [InlineData("sqlite:", "names no file")]
    [InlineData("sqlite", "names no file")]
    [InlineData("memory:x", "sqlite:PATH or memory")]
    [InlineData("postgres:x", "'postgres:x' names no store")]
    [InlineData("", "sqlite:PATH or memory")]
    public void Open_AnythingElse_SaysWhatWouldBeRight(string store, string expected) =>
        Assert.Contains(expected, Assert.Throws<StateLogException>(() => StateLogFactory.Open(store)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("memory", null)]
    [InlineData("sqlite:/a/b.db", "/a/b.db")]
    [InlineData("sqlite:b.db", "b.db")]
    public void FileOf_ANameOfAStore_GivesItsFile(string store, string? file) => Assert.Equal(file, StateLogFactory.FileOf(store));

    [Fact]
    public void Open_OfALogWhoseRestoreWasBrokenOff_RefusesAndMakesNone()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-log-").FullName;
        try
        {
            string log = Path.Combine(directory, "state.db");
            foreach (string witness in new[] { LogRestore.JournalOf(log), LogRestore.UnpackedOf(log) })
            {
                File.WriteAllText(witness, string.Empty);
                Assert.Contains("hnv controller restore", Assert.Throws<StateLogException>(() => StateLogFactory.Open(StateLogFactory.NameOf(log))).Message, StringComparison.Ordinal);
                Assert.False(File.Exists(log));
                File.Delete(witness);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
