using System.Formats.Tar;
using System.IO.Compression;
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
            foreach (BackupFile file in manifest.Files)
            {
                TarEntry? entry = await tar.GetNextEntryAsync(cancellationToken: cancellationToken);
                if (entry?.Name != file.Name || entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                {
                    throw Damaged(name, $"{file.Name} is missing");
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

            await archive.CopyToAsync(Stream.Null, cancellationToken);
            return manifest;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or JsonException or FormatException)
        {
            throw Damaged(name, e.Message, e);
        }
    }

    private static async Task<Stream> OpenAsync(Stream input, string name, CancellationToken cancellationToken)
    {
        byte[] head = new byte[16];
        int read = await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (head.AsSpan(0, read).SequenceEqual("SQLite format 3\0"u8))
        {
            throw new BackupException($"{name} is a bare SQLite file, not a backup: 'hnv controller backup' wraps it with certificates and checksums.");
        }

        return read == head.Length && head is [0x1f, 0x8b, ..]
            ? new GZipStream(new PrefixedStream(head, input), CompressionMode.Decompress)
            : throw Foreign(name);
    }

    private static async Task<BackupManifest> ReadManifestAsync(TarReader tar, string name, CancellationToken cancellationToken)
    {
        TarEntry? first = await tar.GetNextEntryAsync(cancellationToken: cancellationToken);
        if (first?.Name != BackupNames.Manifest || first.DataStream is not { Length: <= MaxManifest } content)
        {
            throw Foreign(name);
        }

        using JsonDocument json = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
        if (!json.RootElement.TryGetProperty("format", out JsonElement format) || format.GetString() != BackupManifest.FormatName)
        {
            throw Foreign(name);
        }

        // Before anything else is understood: a newer version may say the rest differently.
        int version = json.RootElement.GetProperty("version").GetInt32();
        if (version is < 1 or > BackupManifest.CurrentVersion)
        {
            string writer = json.RootElement.TryGetProperty("program", out JsonElement program) ? program.ToString() : "unknown";
            throw new BackupException(
                $"{name} is a backup of format {version}, written by version {writer}; this program knows format {BackupManifest.CurrentVersion}. Restore it with the version that wrote it, or a newer one.");
        }

        BackupManifest manifest = json.RootElement.Deserialize<BackupManifest>(HnvJson.Options)!;
        return manifest.Files.IsDefault || manifest.Files.Any(static f => !BackupNames.IsKnown(f.Name))
            || manifest.Files.DistinctBy(static f => f.Name).Count() != manifest.Files.Length || manifest.Files.All(static f => f.Name != BackupNames.Log)
            ? throw Damaged(name, "its list of files makes no sense")
            : manifest;
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
        return target.Length == file.Size && Convert.ToHexStringLower(await SHA256.HashDataAsync(target, cancellationToken)) == file.Sha256;
    }

    private static BackupException Foreign(string name) => new($"{name} is not a backup of an HNV controller.");

    private static BackupException Damaged(string name, string how, Exception? inner = null) =>
        new($"The backup {name} is damaged or not whole: {how}. Nothing was restored; use another one.", inner);

    /// <summary>A stream of which the first bytes were read already.</summary>
    private sealed class PrefixedStream(byte[] prefix, Stream rest) : Stream
    {
        private int _given;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int left = Math.Min(buffer.Length, prefix.Length - _given);
            if (left == 0)
            {
                return rest.Read(buffer);
            }

            prefix.AsSpan(_given, left).CopyTo(buffer);
            _given += left;
            return left;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
