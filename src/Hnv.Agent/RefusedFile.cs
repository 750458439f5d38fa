using System.Globalization;

namespace Hnv.Agent;

/// <summary>A file of the state directory that this version cannot use: kept beside its place for people, or for the version that wrote it.</summary>
internal static class RefusedFile
{
    /// <summary>Renames the file to <c>….refused-N</c>, with the lowest number that is free; says to what.</summary>
    /// <exception cref="IOException">It could not be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static string SetAside(string path)
    {
        for (int i = 1; ; i++)
        {
            string aside = string.Create(CultureInfo.InvariantCulture, $"{path}.refused-{i}");
            if (!File.Exists(aside))
            {
                File.Move(path, aside);
                return aside;
            }
        }
    }
}
