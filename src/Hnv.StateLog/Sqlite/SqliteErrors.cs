using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Hnv.StateLog.Sqlite;

/// <summary>Says SQLite's errors in words that name the file and what helps.</summary>
internal static class SqliteErrors
{
    public static StateLogException Describe(string path, SqliteException e)
    {
        string remedy = e.SqliteErrorCode switch
        {
            raw.SQLITE_NOTADB => "it is not a SQLite database. Name another file, or restore this one from a backup.",
            raw.SQLITE_CORRUPT => "it is damaged. Restore it from a backup, and check the disk.",
            raw.SQLITE_FULL => "the disk or the store's quota is full. Nothing was written; make room, or compact the log.",
            raw.SQLITE_IOERR => "the disk failed. Check it, then start again; restore from a backup if the file turns out damaged.",
            raw.SQLITE_READONLY or raw.SQLITE_PERM => "it cannot be written. Check the owner and mode of the file and its directory.",
            raw.SQLITE_CANTOPEN => "it cannot be opened. Check that the directory exists and may be written.",
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another program holds it locked. Close that program (a sqlite3 shell?) and try again.",
            _ => "SQLite refused.",
        };
        return new StateLogException($"State log {path}: {remedy} (SQLite error {e.SqliteExtendedErrorCode}: {e.Message})", e);
    }

    /// <summary>
    /// Errors after which what the disk holds is unknown: a failed sync may have dropped pages that later syncs report as written.
    /// </summary>
    public static bool LeavesStoreInDoubt(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}
