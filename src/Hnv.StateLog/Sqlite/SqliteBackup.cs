using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>Writes the copy beside its place and moves it there when it is whole, so that a file of the name asked for is always a good one.</summary>
internal static class SqliteBackup
{
    public static void Write(SqliteReader source, string target)
    {
        string partial = target + ".partial";
        try
        {
            RefuseExisting(target);
            SqliteFile.EnsureDirectory(target);
            File.Delete(partial);
            SqliteFile.EnsureExists(partial);
            using (SqliteConnection destination = SqliteFile.Connect(partial, SqliteOpenMode.ReadWrite))
            {
                source.BackupTo(destination);
            }

            using (FileStream written = File.Open(partial, FileMode.Open))
            {
                written.Flush(flushToDisk: true);
            }

            RefuseExisting(target);
            File.Move(partial, target, overwrite: false);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Describe(target, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateLogException($"The backup {target} cannot be written: {e.Message}", e);
        }
    }

    private static void RefuseExisting(string target)
    {
        if (Path.Exists(target))
        {
            throw new StateLogException($"The backup {target} exists already. Name a new file; backups are never overwritten.");
        }
    }
}
