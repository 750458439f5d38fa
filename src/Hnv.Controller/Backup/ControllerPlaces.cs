using Hnv.Controller.Identity;

namespace Hnv.Controller.Backup;

/// <summary>Where a controller keeps what a backup holds.</summary>
/// <param name="DataDirectory">With the certificates in <c>pki/</c>.</param>
/// <param name="LogFile">The SQLite state log.</param>
/// <param name="ConfigurationFile">Its configuration; null: it has none.</param>
public sealed record ControllerPlaces(string DataDirectory, string LogFile, string? ConfigurationFile)
{
    internal string PkiDirectory => ControllerPki.DirectoryOf(DataDirectory);
}
