using System.Text.RegularExpressions;

namespace Hnv.Controller.Backup;

/// <summary>Names of a backup's entries. Nothing else is read from one, so no name can lead elsewhere.</summary>
internal static partial class BackupNames
{
    public const string Manifest = "hnv-controller-backup.json";

    public const string Log = "state.db";

    public const string Configuration = "controller.yaml";

    /// <summary>Followed by the name of a file.</summary>
    public const string Pki = "pki/";

    public static bool IsKnown(string name) => name is Log or Configuration || PkiFile().IsMatch(name);

    [GeneratedRegex(@"\Apki/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex PkiFile();
}
