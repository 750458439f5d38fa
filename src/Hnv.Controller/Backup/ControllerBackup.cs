using System.Collections.Immutable;
using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Hnv.Api;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;

namespace Hnv.Controller.Backup;

/// <summary>
/// Writes everything that a controller needs to come back: a gzipped tar archive.
/// <code>
///   hnv-controller-backup.json   what it is, its version, and the SHA-256 of all that follows
///   state.db                     the state log, as of one moment; the controller may run
///   pki/…                        certificates and keys, the authority's among them
///   controller.yaml              the configuration, if there is one
/// </code>
/// Who reads it can be administrator: it is written for its owner alone.
/// </summary>
public static class ControllerBackup
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a backup to a new file, which appears when it is whole.</summary>
    /// <returns>The revision of the log in it.</returns>
    /// <exception cref="BackupException">The file exists, cannot be written, or there is no state log.</exception>
    public static async Task<long> WriteFileAsync(ControllerPlaces places, string file, TimeProvider time, CancellationToken cancellationToken)
    {
        string target = Path.GetFullPath(file);
        string partial = $"{target}.partial";
        if (Path.Exists(target))
        {
            throw new BackupException($"{target} exists already. Name a new file; backups are never overwritten.");
        }

        try
        {
            File.Delete(partial);
            long revision;
            await using (var output = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                revision = await WriteAsync(places, output, Path.GetDirectoryName(target)!, time, cancellationToken);
                output.Flush(flushToDisk: true);
            }

            File.Move(partial, target, overwrite: false);
            return revision;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The backup {target} cannot be written: {e.Message}", e);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Writes a backup to a stream.</summary>
    /// <param name="places">What to back up.</param>
    /// <param name="output">Where to.</param>
    /// <param name="workspace">A directory with room for a copy of the log.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The revision of the log in it.</returns>
    /// <exception cref="BackupException">There is no state log, or something cannot be read.</exception>
    public static async Task<long> WriteAsync(ControllerPlaces places, Stream output, string workspace, TimeProvider time, CancellationToken cancellationToken)
    {
        string copy = Path.Combine(workspace, $".hnv-backup-{Guid.NewGuid():n}.db");
        try
        {
            (long revision, ImmutableArray<(string Name, string Path)> files) = await CollectAsync(places, copy, cancellationToken);
            var manifest = new BackupManifest(
                BackupManifest.FormatName,
                BackupManifest.CurrentVersion,
                typeof(ControllerBackup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
                time.GetUtcNow(),
                Environment.MachineName,
                revision,
                [.. await Task.WhenAll(files.Select(f => DescribeAsync(f.Name, f.Path, cancellationToken)))]);
            await using var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
            await using var tar = new TarWriter(gzip, TarEntryFormat.Ustar, leaveOpen: true);
            using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest, HnvJson.Options));
            await AddAsync(tar, BackupNames.Manifest, json, manifest.Created, cancellationToken);
            foreach ((string name, string path) in files)
            {
                await using FileStream content = File.OpenRead(path);
                await AddAsync(tar, name, content, manifest.Created, cancellationToken);
            }

            return revision;
        }
        catch (StateLogException e)
        {
            throw new BackupException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The backup cannot be written: {e.Message}", e);
        }
        finally
        {
            LogFiles.Delete(copy);
        }
    }

    /// <summary>What goes into the archive, in its order.</summary>
    private static async Task<(long Revision, ImmutableArray<(string Name, string Path)> Files)> CollectAsync(
        ControllerPlaces places, string copy, CancellationToken cancellationToken)
    {
        SqliteStateLog.Backup(places.LogFile, copy);
        long revision;

        // Opening checks the copy as a whole: a damaged one is found now, and not when it is needed.
        await using (var log = SqliteStateLog.Open(copy))
        {
            revision = await log.GetRevisionAsync(cancellationToken);
        }

        var files = ImmutableArray.CreateBuilder<(string Name, string Path)>();
        files.Add((BackupNames.Log, copy));
        if (Directory.Exists(places.PkiDirectory))
        {
            files.AddRange(Directory.EnumerateFiles(places.PkiDirectory).Order(StringComparer.Ordinal).Select(static path => (BackupNames.Pki + Path.GetFileName(path), path)));
        }

        if (places.ConfigurationFile is { } configuration && File.Exists(configuration))
        {
            files.Add((BackupNames.Configuration, configuration));
        }

        return files.FirstOrDefault(static f => !BackupNames.IsKnown(f.Name)) is { Path: { } stranger }
            ? throw new BackupException($"{stranger} has a name that no backup takes. Move it elsewhere; only certificates and keys belong there.")
            : (revision, files.ToImmutable());
    }

    private static async Task<BackupFile> DescribeAsync(string name, string path, CancellationToken cancellationToken)
    {
        await using FileStream content = File.OpenRead(path);
        byte[] hash = await SHA256.HashDataAsync(content, cancellationToken);
        return new BackupFile(name, content.Length, Convert.ToHexStringLower(hash));
    }

    private static Task AddAsync(TarWriter tar, string name, Stream content, DateTimeOffset at, CancellationToken cancellationToken) =>
        tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = OwnerOnly, ModificationTime = at }, cancellationToken);
}
