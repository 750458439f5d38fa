using System.Collections.Immutable;

namespace Hnv.StateLog.Sqlite;

/// <summary>The files of a log.</summary>
public static class LogFiles
{
    /// <summary>Behind the name of the file that who writes to a log holds.</summary>
    internal const string Lock = ".lock";

    /// <summary>What SQLite keeps beside a database, behind its name: with what was written last. Who moves a log moves them too.</summary>
    public static ImmutableArray<string> Companions { get; } = ["-wal", "-shm"];

    /// <summary>Removes a log that nobody has open, if it is there.</summary>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    public static void Delete(string log)
    {
        foreach (string suffix in Companions.Insert(0, string.Empty).Add(Lock))
        {
            File.Delete(log + suffix);
        }
    }
}
