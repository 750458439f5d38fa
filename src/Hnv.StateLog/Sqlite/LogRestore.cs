namespace Hnv.StateLog.Sqlite;

/// <summary>
/// Files beside a log that is being restored. They keep everybody from opening it, since there may be nothing in its place, and whoever made a new log
/// there would have every host forget its policy.
/// <code>
///   state.db                      the log
///   state.db.restoring            what is to take its place
///   state.db.restore-journal      what is renamed to get there, while it is renamed
/// </code>
/// </summary>
public static class LogRestore
{
    /// <summary>Behind the name of what is made ready to take the place of something.</summary>
    public const string Unpacked = ".restoring";

    /// <summary>The file of a log: links followed, so that two names of one log have one journal.</summary>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return SqliteFile.Resolve(path);
    }

    /// <summary>Where the new log is made ready.</summary>
    /// <param name="log">As of <see cref="Resolve"/>.</param>
    public static string UnpackedOf(string log) => log + Unpacked;

    /// <param name="log">As of <see cref="Resolve"/>.</param>
    public static string JournalOf(string log) => log + ".restore-journal";

    /// <exception cref="StateLogException">A restore of that log was begun, and neither finished nor taken back.</exception>
    public static void RefuseUnfinished(string path)
    {
        string log = Resolve(path);
        string? witness = File.Exists(JournalOf(log)) ? JournalOf(log) : !File.Exists(log) && File.Exists(UnpackedOf(log)) ? UnpackedOf(log) : null;
        if (witness is not null)
        {
            throw new StateLogException(
                $"A restore of state log {log} was broken off ({witness} is there). Run it again, 'hnv controller restore FILE': it takes back what was begun, and restores.");
        }
    }
}
