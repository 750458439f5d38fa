using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>Creates and opens the database file, and refuses files that are not ours to write.</summary>
internal static class SqliteFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Bytes; SQLite takes anything shorter for an empty file, and writes over it.</summary>
    private const int SmallestDatabase = 512;

    /// <summary>Seconds that a connection waits for a lock that some other program holds.</summary>
    private const int BusySeconds = 5;

    /// <summary>The file itself: two names of one file must meet at the same lock.</summary>
    public static string Resolve(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : full;
    }

    /// <summary>Creates the directory and an empty file where there is none; only the owner may read what tenants' secrets may be in.</summary>
    public static void EnsureExists(string path)
    {
        using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = OwnerOnly,
        }))
        {
            if (file.Length is > 0 and < SmallestDatabase)
            {
                throw new StateLogException($"{path} is not a SQLite database. Name another file; this one was not changed.");
            }
        }

        if (File.GetUnixFileMode(path) != OwnerOnly)
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
    }

    public static void EnsureDirectory(string path) =>
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);

    public static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusySeconds,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, $"PRAGMA busy_timeout = {BusySeconds * 1000}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The one connection that writes. Nothing is changed before the file has proved to be ours, or empty.</summary>
    public static SqliteConnection OpenForWriting(string path, SqliteStateLogOptions options)
    {
        SqliteConnection connection = Connect(path, SqliteOpenMode.ReadWrite);
        try
        {
            bool isNew = IsNew(connection, path);
            if (!string.Equals(Text(connection, "PRAGMA journal_mode = WAL"), "wal", StringComparison.OrdinalIgnoreCase))
            {
                throw new StateLogException(
                    $"State log {path}: the file system does not support write-ahead logging (shared memory). Put the store on a local disk.");
            }

            Execute(connection, "PRAGMA synchronous = FULL");
            if (options.MaxPages is { } pages)
            {
                Execute(connection, $"PRAGMA max_page_count = {pages}");
            }

            if (isNew)
            {
                Execute(connection, SqliteSchema.Create);
            }
            else
            {
                CheckContent(connection, path);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this folder, and numbers.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static bool IsNew(SqliteConnection connection, string path)
    {
        long application = Number(connection, "PRAGMA application_id");
        long version = Number(connection, "PRAGMA user_version");
        if (application == 0 && version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0)
        {
            return true;
        }

        if (application != SqliteSchema.ApplicationId)
        {
            throw new StateLogException(
                $"{path} is a database of another application (application_id 0x{application:x8}, not 0x{SqliteSchema.ApplicationId:x8}). Name another file; this one was not changed.");
        }

        return version == SqliteSchema.Version
            ? false
            : throw new StateLogException(
                $"State log {path} has schema {version}; this program knows schema {SqliteSchema.Version}. Run the version that wrote it, or a newer one; the file was not changed.");
    }

    /// <summary>Policy is small: the whole file is checked at every start rather than found damaged in the middle of a change.</summary>
    private static void CheckContent(SqliteConnection connection, string path)
    {
        string found = Text(connection, "PRAGMA quick_check(1)");
        if (found == "ok" && Number(connection, "SELECT (SELECT ifnull(max(revision), 0) FROM version) > (SELECT revision FROM log)") != 0)
        {
            found = "a version is newer than the log's revision";
        }

        if (found != "ok")
        {
            throw new StateLogException($"State log {path} is damaged: {found}. Restore it from a backup, and check the disk.");
        }
    }

    private static long Number(SqliteConnection connection, string sql) =>
        Convert.ToInt64(Scalar(connection, sql), CultureInfo.InvariantCulture);

    private static string Text(SqliteConnection connection, string sql) =>
        Convert.ToString(Scalar(connection, sql), CultureInfo.InvariantCulture) ?? "";

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
