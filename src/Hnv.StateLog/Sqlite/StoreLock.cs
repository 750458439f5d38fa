namespace Hnv.StateLog.Sqlite;

/// <summary>
/// Keeps other processes out for as long as the store is open. The lock is on a file beside the database (flock(2), freed by the
/// kernel when the process dies), since closing any handle of the database itself would drop SQLite's own POSIX locks.
/// The file stays behind: removing it would let two processes lock two different files of that name.
/// </summary>
internal static class StoreLock
{
    public static FileStream Acquire(string databasePath)
    {
        string path = databasePath + LogFiles.Lock;
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            throw new StateLogException(
                $"State log {databasePath} is in use: {path} is locked (`fuser {path}` names the process). Stop the controller that uses it, or name another store.",
                e);
        }
    }
}
