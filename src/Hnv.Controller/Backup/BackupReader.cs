using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Hnv.Api;

namespace Hnv.Controller.Backup;

/// <summary>Reads what <see cref="ControllerBackup"/> wrote, and gives out nothing whose checksum was not verified.</summary>
internal static class BackupReader
{
    /// <summary>Bytes of a manifest; more is none.</summary>
    private const int MaxManifest = 1 << 20;

    /// <summary>Unpacks all files, each to where <paramref name="place"/> says. What was written is good when this returns, and not before.</summary>
    /// <param name="input">The archive.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="place">The path of a file, which must not exist.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="BackupException">It is no backup, of a newer version, damaged, or not whole.</exception>
    public static async Task<BackupManifest> UnpackAsync(Stream input, string name, Func<string, string> place, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream archive = await OpenAsync(input, name, cancellationToken);
            await using var tar = new TarReader(archive);
            BackupManifest manifest = await ReadManifestAsync(tar, name, cancellationToken);
            CheckRoom(manifest, name, place);
            foreach (BackupFile file in manifest.Files)
            {
                TarEntry? entry = await tar.GetNextEntryAsync(cancellationToken: cancellationToken);
                if (entry?.Name != file.Name || entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                {
                    throw Damaged(name, $"{file.Name} is missing");
                }

                if (entry.Length != file.Size)
                {
                    throw Damaged(name, $"{file.Name} has another size than its list says");
                }

                if (!await WriteAsync(entry.DataStream ?? Stream.Null, place(file.Name), file, cancellationToken))
                {
                    throw Damaged(name, $"the checksum of {file.Name} is wrong");
                }
            }

            // The end as well: what the compressed form says of itself is checked there.
            if (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { Name: { } more })
            {
                throw Damaged(name, $"{more} is not in its list");
            }

            byte[] rest = new byte[4096];
            while (await archive.ReadAsync(rest, cancellationToken) is > 0 and var read)
            {
                if (rest.AsSpan(0, read).ContainsAnyExcept((byte)0))
                {
                    throw Damaged(name, "something follows its end");
                }
            }

            return manifest;
        }
        // The last three: text that is none; sizes and times of the archive beyond what there is.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or JsonException or FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw Damaged(name, e.Message, e);
        }
    }

    /// <summary>The archive without its compression. What it is says its beginning, which stays to be read.</summary>
    private static async Task<Stream> OpenAsync(Stream input, string name, CancellationToken cancellationToken)
    {
        const int Enough = 16;
        var reader = PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true));
        ReadResult read = await reader.ReadAtLeastAsync(Enough, cancellationToken);
        byte[] head = read.Buffer.Slice(0, Math.Min(Enough, read.Buffer.Length)).ToArray();
        reader.AdvanceTo(read.Buffer.Start);
        return head switch
        {
            _ when head.AsSpan().SequenceEqual("SQLite format 3\0"u8) =>
                throw new BackupException($"{name} is a bare SQLite file, not a backup: 'hnv controller backup' wraps it with certificates and checksums."),
            { Length: Enough } and [0x1f, 0x8b, ..] => new GZipStream(reader.AsStream(), CompressionMode.Decompress),
            _ => throw Foreign(name),
        };
    }

    private static async Task<BackupManifest> ReadManifestAsync(TarReader tar, string name, CancellationToken cancellationToken)
    {
        TarEntry? first = await tar.GetNextEntryAsync(cancellationToken: cancellationToken);
        if (first?.Name != BackupNames.Manifest || first.DataStream is not { Length: <= MaxManifest } content)
        {
            throw Foreign(name);
        }

        using JsonDocument json = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("format", out JsonElement format)
            || format.ValueKind != JsonValueKind.String || format.GetString() != BackupManifest.FormatName)
        {
            throw Foreign(name);
        }

        // Before anything else is understood: a newer version may say the rest differently.
        if (!json.RootElement.TryGetProperty("version", out JsonElement said) || said.ValueKind != JsonValueKind.Number || !said.TryGetInt32(out int version)
            || version is < 1 or > BackupManifest.CurrentVersion)
        {
            string writer = json.RootElement.TryGetProperty("program", out JsonElement program) ? program.ToString() : "unknown";
            throw new BackupException(
                $"{name} is a backup of format {said}, written by version {writer}; this program knows format {BackupManifest.CurrentVersion}. "
                + "Restore it with the version that wrote it, or a newer one.");
        }

        BackupManifest? manifest = json.RootElement.Deserialize<BackupManifest>(HnvJson.Options);
        return manifest is null || manifest.Files.IsDefault || manifest.Files.Any(static f => f is not { Size: >= 0, Sha256: not null, Name: not null } || !BackupNames.IsKnown(f.Name))
            || manifest.Files.DistinctBy(static f => f.Name).Count() != manifest.Files.Length || manifest.Files.All(static f => f.Name != BackupNames.Log)
            ? throw Damaged(name, "its list of files makes no sense")
            : manifest;
    }

    /// <summary>A few bytes unpack to any number: it is asked before whether they have room, in each of the file systems they go to.</summary>
    private static void CheckRoom(BackupManifest manifest, string name, Func<string, string> place)
    {
        foreach (IGrouping<string, BackupFile> directory in manifest.Files.GroupBy(f => Path.GetDirectoryName(place(f.Name))!, StringComparer.Ordinal))
        {
            // Sizes are what somebody wrote: no sum of them may overflow.
            decimal needed = directory.Sum(static f => (decimal)f.Size);
            long free = new DriveInfo(directory.Key).AvailableFreeSpace;
            if (needed > free)
            {
                throw new BackupException($"{name} holds {needed} bytes for {directory.Key}, where {free} are free. Nothing was restored; make room, if that is what it should hold.");
            }
        }
    }

    private static async Task<bool> WriteAsync(Stream content, string path, BackupFile file, CancellationToken cancellationToken)
    {
        UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (path.EndsWith(".crt", StringComparison.Ordinal))
        {
            mode |= UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        }

        await using var target = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = mode });
        await content.CopyToAsync(target, cancellationToken);
        target.Flush(flushToDisk: true);
        target.Position = 0;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(target, cancellationToken)) == file.Sha256;
    }

    private static BackupException Foreign(string name) => new($"{name} is not a backup of an HNV controller.");

    private static BackupException Damaged(string name, string how, Exception? inner = null) =>
        new($"The backup {name} is damaged or not whole: {how.TrimEnd('.')}. Nothing was restored; use another one.", inner);
}
