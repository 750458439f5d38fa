using System.Collections.Immutable;
using System.Globalization;
using Hnv.Controller.Store;
using Hnv.Linux;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;

namespace Hnv.Controller.Backup;

/// <summary>What came of a restore.</summary>
/// <param name="BackupRevision">Where the backup was.</param>
/// <param name="Revision">Where the log goes on.</param>
/// <param name="Created">When the backup was taken.</param>
/// <param name="SetAside">What was there before, under its new names.</param>
/// <param name="Remarks">What the user should know.</param>
public sealed record RestoreResult(
    long BackupRevision, long Revision, DateTimeOffset Created, ImmutableArray<string> SetAside, ImmutableArray<string> Remarks);

/// <summary>
/// Puts a backup in the place of a controller's state. Everything is unpacked, verified and made ready beside its place; then it is renamed, which
/// can be taken back (<see cref="RestoreJournal"/>): the state is the old one or the new one, or no controller starts.
/// </summary>
public static class ControllerRestore
{
    /// <summary>Restores.</summary>
    /// <param name="places">Where to. The configuration is written only where there is none.</param>
    /// <param name="input">The backup.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="force">Set aside what is there, instead of refusing.</param>
    /// <param name="time">Clock; it decides where revisions go on.</param>
    /// <param name="cancellationToken">Cancels; what was there is there then.</param>
    /// <exception cref="BackupException">It is no good backup, a controller runs, there is a state already, or it cannot be written.</exception>
    public static async Task<RestoreResult> RunAsync(
        ControllerPlaces places, Stream input, string name, bool force, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(places.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using IDisposable reserved = SqliteStateLog.Reserve(places.LogFile);
            places = places with { LogFile = LogRestore.Resolve(places.LogFile) };
            var remarks = ImmutableArray.CreateBuilder<string>();
            if (RestoreJournal.Find(places) is { } unfinished)
            {
                unfinished.TakeBack();
                remarks.Add("An earlier restore had been broken off; it was taken back first.");
            }

            string[] there = [.. Standing(places)];
            if (there.Length > 0 && !force)
            {
                throw new BackupException(
                    $"There is a state already: {string.Join(", ", there)}. A backup is restored where there is none; with --force what is there is set aside under another name.");
            }

            try
            {
                RemoveUnpacked(places);
                return await RunAsync(places, input, name, time, remarks, cancellationToken);
            }
            finally
            {
                // While the journal stands, what is there tells what was renamed.
                if (!File.Exists(LogRestore.JournalOf(places.LogFile)))
                {
                    RemoveUnpacked(places);
                }
            }
        }
        catch (StateLogException e)
        {
            throw new BackupException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The backup cannot be restored: {e.Message}", e);
        }
    }

    private static async Task<RestoreResult> RunAsync(
        ControllerPlaces places, Stream input, string name, TimeProvider time, ImmutableArray<string>.Builder remarks, CancellationToken cancellationToken)
    {
        string unpacked = LogRestore.UnpackedOf(places.LogFile);
        string configuration = Path.Combine(places.DataDirectory, BackupNames.Configuration + LogRestore.Unpacked);
        BackupManifest manifest = await BackupReader.UnpackAsync(input, name, PlaceOf, cancellationToken);
        long backedUp = SqliteStateLog.ReadRevision(unpacked);
        if (backedUp != manifest.Revision)
        {
            throw new BackupException($"The backup {name} says that its log is at revision {manifest.Revision}, but that is at {backedUp}: it was altered. Nothing was restored; use another one.");
        }

        long revision = RestoredRevision.After(Math.Max(backedUp, KnownRevision(places, remarks)), time.GetUtcNow());
        SqliteStateLog.ContinueAt(unpacked, revision);
        revision = await ForgetTokensAsync(unpacked, cancellationToken);
        if (Directory.Exists(places.PkiDirectory + LogRestore.Unpacked))
        {
            DirectorySync.Flush(places.PkiDirectory + LogRestore.Unpacked);
        }
        else if (Directory.Exists(places.PkiDirectory))
        {
            remarks.Add($"The backup holds no certificates: those in {places.PkiDirectory} were kept.");
        }

        string? written = File.Exists(configuration) ? TakeConfiguration(configuration, places.ConfigurationFile, remarks) : null;
        ImmutableArray<string> setAside;
        try
        {
            setAside = Rename(places, time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
        }
        catch when (written is not null)
        {
            File.Delete(written);
            throw;
        }

        return new RestoreResult(backedUp, revision, manifest.Created, setAside, remarks.ToImmutable());

        string PlaceOf(string entry)
        {
            switch (entry)
            {
                case BackupNames.Log:
                    return unpacked;
                case BackupNames.Configuration:
                    return configuration;
                default:
                    Directory.CreateDirectory(places.PkiDirectory + LogRestore.Unpacked, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                    return Path.Combine(places.PkiDirectory + LogRestore.Unpacked, entry[BackupNames.Pki.Length..]);
            }
        }
    }

    /// <summary>Puts the new in the place of the old, or leaves the old.</summary>
    /// <returns>What was set aside, under its new names.</returns>
    private static ImmutableArray<string> Rename(ControllerPlaces places, string stamp)
    {
        RestoreJournal journal = RestoreJournal.Begin(places, stamp);
        try
        {
            journal.Carry();
            return journal.SetAside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                journal.TakeBack();
            }
            catch (Exception back) when (back is IOException or UnauthorizedAccessException)
            {
                throw new BackupException(
                    $"The backup cannot be restored: {e.Message} Nor can what was begun be taken back: {back.Message} No controller starts until it is: put that right, and run this again.", e);
            }

            throw;
        }
    }

    /// <summary>The log that is replaced knows better than any clock which revisions were given out, if it can be read.</summary>
    private static long KnownRevision(ControllerPlaces places, ImmutableArray<string>.Builder remarks)
    {
        if (!File.Exists(places.LogFile))
        {
            return 0;
        }

        try
        {
            return SqliteStateLog.ReadRevision(places.LogFile);
        }
        catch (StateLogException e)
        {
            remarks.Add($"The log that was replaced cannot be read: {e.Message}");
            return 0;
        }
    }

    /// <summary>Tokens that were used after the backup was taken would be good again.</summary>
    private static async Task<long> ForgetTokensAsync(string logFile, CancellationToken cancellationToken)
    {
        await using var log = SqliteStateLog.Open(logFile);
        while (true)
        {
            RangeResult tokens = await log.RangeAsync(StoreKeys.Enrollments, new RangeOptions(Limit: StateLogLimits.MaxOperations), cancellationToken);
            if (tokens.Entries.IsEmpty)
            {
                return await log.GetRevisionAsync(cancellationToken);
            }

            await log.TransactAsync(new LogTransaction([], [.. tokens.Entries.Select(static t => LogOperation.Delete(t.Key))]), cancellationToken);
        }
    }

    /// <returns>The file that was written where there was none.</returns>
    private static string? TakeConfiguration(string restored, string? place, ImmutableArray<string>.Builder remarks)
    {
        byte[] content = File.ReadAllBytes(restored);
        if (place is null || (File.Exists(place) && File.ReadAllBytes(place).AsSpan().SequenceEqual(content)))
        {
            return null;
        }

        if (File.Exists(place))
        {
            string beside = place + ".from-backup";
            ReplacedFile.Write(beside, content);
            remarks.Add($"{place} differs from the backup's and was kept; the backup's is {beside}.");
            return null;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(place))!);
        ReplacedFile.Write(place, content);
        File.SetUnixFileMode(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return place;
    }

    private static IEnumerable<string> Standing(ControllerPlaces places) =>
        LogFiles.Companions.Select(c => places.LogFile + c).Prepend(places.LogFile).Append(places.PkiDirectory).Where(Path.Exists);

    private static void RemoveUnpacked(ControllerPlaces places)
    {
        LogFiles.Delete(LogRestore.UnpackedOf(places.LogFile));
        File.Delete(LogRestore.JournalOf(places.LogFile) + ReplacedFile.Unfinished);
        File.Delete(Path.Combine(places.DataDirectory, BackupNames.Configuration + LogRestore.Unpacked));
        if (Directory.Exists(places.PkiDirectory + LogRestore.Unpacked))
        {
            Directory.Delete(places.PkiDirectory + LogRestore.Unpacked, recursive: true);
        }
    }
}
