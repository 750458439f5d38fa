using Hnv.Controller.Backup;
using Hnv.StateLog.Sqlite;

namespace Hnv.Controller.Tests.Backup;

/// <summary>An old state (log, what was not written into it yet, certificates) and a new one beside it. Whatever is broken off, the old one comes back.</summary>
public sealed class RestoreJournalTests : IDisposable
{
    private const string Stamp = "20260102T030405Z";
    private readonly TemporaryDirectory _directory = new();

    private ControllerPlaces Places => new(_directory.Path, Path.Combine(_directory.Path, "state.db"), null);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void TakeBack_AfterAnyRename_BrokenOffAndDoneAgain_GivesTheOldState()
    {
        for (int done = 0; done <= 5; done++)
        {
            for (int undone = 0; undone <= 5; undone++)
            {
                string[] before = Fill();
                RestoreJournal killed = RestoreJournal.Begin(Places, Stamp);
                Assert.Equal(5, killed.Renames.Length);
                foreach (RestoreJournal.Rename rename in killed.Renames.Take(done))
                {
                    rename.Do();
                }

                foreach (RestoreJournal.Rename rename in killed.Renames.Reverse().Take(undone))
                {
                    rename.Undo();
                }

                Assert.True(File.Exists(LogRestore.JournalOf(Places.LogFile)));
                RestoreJournal.Find(Places)!.TakeBack();

                Assert.Equal(before, Everything());
                Assert.Null(RestoreJournal.Find(Places));
            }
        }
    }

    [Theory]
    [InlineData(3, "pki/ca.crt")]
    [InlineData(2, "state.db")]
    public void TakeBack_WhereSomethingNewStandsInThePlaceOfTheOld_RefusesAndChangesNothing(int done, string place)
    {
        Fill();
        RestoreJournal killed = RestoreJournal.Begin(Places, Stamp);
        foreach (RestoreJournal.Rename rename in killed.Renames.Take(done))
        {
            rename.Do();
        }

        string made = Path.Combine(_directory.Path, place);
        Directory.CreateDirectory(Path.GetDirectoryName(made)!);
        File.WriteAllText(made, "another one");
        string[] before = Everything();
        string message = Assert.Throws<BackupException>(() => RestoreJournal.Find(Places)!.TakeBack()).Message;
        Assert.Contains($"{place.Split('/')[0]}.replaced-{Stamp}", message, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Fact]
    public void Carry_MovesTheNewInAndKeepsTheOldTogether()
    {
        Fill();

        RestoreJournal journal = RestoreJournal.Begin(Places, Stamp);
        journal.Carry();

        Assert.Equal(
            [$"pki.replaced-{Stamp}/ca.crt = old ca", "pki/ca.crt = new ca", "state.db = new log", $"state.db.replaced-{Stamp} = old log", $"state.db.replaced-{Stamp}-wal = old wal"],
            Everything());
        Assert.Equal(["state.db", "state.db-wal", "pki"], journal.SetAside.Select(static p => Path.GetFileName(p).Replace($".replaced-{Stamp}", string.Empty, StringComparison.Ordinal)));
    }

    [Fact]
    public void Find_OfAJournalThatLeadsElsewhere_Refuses()
    {
        Fill();
        RestoreJournal.Begin(Places, Stamp);
        string file = LogRestore.JournalOf(Places.LogFile);
        string good = File.ReadAllText(file);
        foreach (string bad in new[] { "", "{}", "null", good.Replace(Stamp, "/../../x", StringComparison.Ordinal) })
        {
            File.WriteAllText(file, bad);
            Assert.Contains("not a journal", Assert.Throws<BackupException>(() => RestoreJournal.Find(Places)).Message, StringComparison.Ordinal);
        }

        File.WriteAllText(file, good);
        Assert.Contains("--data", Assert.Throws<BackupException>(() => RestoreJournal.Find(Places with { DataDirectory = "/elsewhere" })).Message, StringComparison.Ordinal);
    }

    private string[] Fill()
    {
        foreach (string entry in Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories))
        {
            File.Delete(entry);
        }

        foreach ((string name, string content) in new[] { ("state.db", "old log"), ("state.db-wal", "old wal"), ("pki/ca.crt", "old ca"), ("state.db.restoring", "new log"), ("pki.restoring/ca.crt", "new ca") })
        {
            string path = Path.Combine(_directory.Path, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }

        return Everything();
    }

    private string[] Everything() =>
    [
        .. Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories)
            .Select(p => $"{Path.GetRelativePath(_directory.Path, p)} = {File.ReadAllText(p)}").Order(StringComparer.Ordinal),
    ];
}
