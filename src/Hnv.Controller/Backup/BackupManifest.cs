using System.Collections.Immutable;

namespace Hnv.Controller.Backup;

/// <summary>The first entry of a backup: what it is, and what must be in it.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Version">Of the layout; a reader refuses versions it does not know.</param>
/// <param name="Program">Version of the program that wrote it.</param>
/// <param name="Created">When.</param>
/// <param name="Controller">Name of the machine.</param>
/// <param name="Revision">Of the state log in it.</param>
/// <param name="Files">Everything else in the archive, in its order.</param>
internal sealed record BackupManifest(
    string Format, int Version, string Program, DateTimeOffset Created, string Controller, long Revision, ImmutableArray<BackupFile> Files)
{
    public const string FormatName = "hnv-controller-backup";

    public const int CurrentVersion = 1;
}

/// <param name="Name">Path in the archive.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of the content, hexadecimal.</param>
internal sealed record BackupFile(string Name, long Size, string Sha256);
