using System.Collections.Immutable;
using System.Globalization;
using Hnv.Controller.Store;
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
/// Puts a backup in the place of a controller's state. Everything is unpacked, verified and made ready beside its place; the log comes last,
/// since with it the controller has a state.
/// </summary>
public static class ControllerRestore
{
    private const string Aside = ".restoring";

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
            string[] there = [.. Standing(places)];
            if (there.Length > 0 && !force)
            {
                throw new BackupException(
                    $"There is a state already: {string.Join(", ", there)}. A backup is restored where there is none; with --force what is there is set aside under another name.");
            }

            try
            {
                RemoveAside(places);
                return await RunAsync(places, there, input, name, time, cancellationToken);
            }
            finally
            {
                RemoveAside(places);
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
        ControllerPlaces places, string[] there, Stream input, string name, TimeProvider time, CancellationToken cancellationToken)
    {
        string configuration = Path.Combine(places.DataDirectory, BackupNames.Configuration + Aside);
        BackupManifest manifest = await BackupReader.UnpackAsync(input, name, PlaceOf, cancellationToken);
        var remarks = ImmutableArray.CreateBuilder<string>();
        long revision = RestoredRevision.After(Math.Max(manifest.Revision, KnownRevision(places, remarks)), time.GetUtcNow());
        SqliteStateLog.ContinueAt(places.LogFile + Aside, revision);
        revision = await ForgetTokensAsync(places.LogFile + Aside, cancellationToken);

        string stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        ImmutableArray<string> setAside = [.. there.Select(path => SetAside(places, path, stamp))];
        if (Directory.Exists(places.PkiDirectory + Aside))
        {
            Directory.Move(places.PkiDirectory + Aside, places.PkiDirectory);
        }

        if (File.Exists(configuration))
        {
            TakeConfiguration(configuration, places.ConfigurationFile, remarks);
        }

        File.Move(places.LogFile + Aside, places.LogFile, overwrite: false);
        return new RestoreResult(manifest.Revision, revision, manifest.Created, setAside, remarks.ToImmutable());

        string PlaceOf(string entry)
        {
            switch (entry)
            {
                case BackupNames.Log:
                    return places.LogFile + Aside;
                case BackupNames.Configuration:
                    return configuration;
                default:
                    Directory.CreateDirectory(places.PkiDirectory + Aside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                    return Path.Combine(places.PkiDirectory + Aside, entry[BackupNames.Pki.Length..]);
            }
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

    private static void TakeConfiguration(string restored, string? place, ImmutableArray<string>.Builder remarks)
    {
        if (place is null || (File.Exists(place) && File.ReadAllBytes(place).AsSpan().SequenceEqual(File.ReadAllBytes(restored))))
        {
            return;
        }

        if (File.Exists(place))
        {
            string beside = place + ".from-backup";
            File.Copy(restored, beside, overwrite: true);
            remarks.Add($"{place} differs from the backup's and was kept; the backup's is {beside}.");
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(place))!);
        File.Copy(restored, place);
        File.SetUnixFileMode(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static IEnumerable<string> Standing(ControllerPlaces places) =>
        new[] { places.LogFile, $"{places.LogFile}-wal", $"{places.LogFile}-shm", places.PkiDirectory }.Where(Path.Exists);

    /// <summary>The log's companions keep their place behind its name, so that it opens under the new one with all that was written.</summary>
    private static string SetAside(ControllerPlaces places, string path, string stamp)
    {
        string of = path == places.PkiDirectory ? path : places.LogFile;
        string to = $"{of}.replaced-{stamp}{path[of.Length..]}";
        if (Directory.Exists(path))
        {
            Directory.Move(path, to);
        }
        else
        {
            File.Move(path, to, overwrite: false);
        }

        return to;
    }

    private static void RemoveAside(ControllerPlaces places)
    {
        foreach (string suffix in (ReadOnlySpan<string>)["", "-wal", "-shm", ".lock"])
        {
            File.Delete(places.LogFile + Aside + suffix);
        }

        File.Delete(Path.Combine(places.DataDirectory, BackupNames.Configuration + Aside));
        if (Directory.Exists(places.PkiDirectory + Aside))
        {
            Directory.Delete(places.PkiDirectory + Aside, recursive: true);
        }
    }
}
