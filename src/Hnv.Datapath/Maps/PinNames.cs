using System.Globalization;
using System.Text.RegularExpressions;

namespace Hnv.Datapath.Maps;

/// <summary>How pins are named: MAP_vLAYOUT and prog_PROGRAM. Whatever is named otherwise in the directory is not ours.</summary>
internal sealed partial class PinNames(string directory)
{
    private const string ProgramPrefix = "prog_";

    public string Map(string name, int layout) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{name}_v{layout}"));

    public string Program(string name) => Path.Combine(directory, ProgramPrefix + name);

    /// <summary>Where a program is pinned before it is renamed over its predecessor.</summary>
    public string NewProgram(string name) => Program(name) + "_new";

    /// <summary>Layouts of which a pin exists, newest first.</summary>
    public IEnumerable<int> LayoutsOf(string map) =>
        Directory.EnumerateFiles(directory)
            .Select(path => MapPattern().Match(Path.GetFileName(path)))
            .Where(match => match.Success && match.Groups["map"].Value == map)
            .Select(match => int.Parse(match.Groups["layout"].Value, CultureInfo.InvariantCulture))
            .OrderDescending()
            .ToArray();

    [GeneratedRegex("^(?<map>[a-z][a-z0-9_]*)_v(?<layout>[0-9]{1,6})$", RegexOptions.ExplicitCapture)]
    private static partial Regex MapPattern();
}
