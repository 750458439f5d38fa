using System.Text.RegularExpressions;
using Hnv.Lab.Machine;
using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Processes;

namespace Hnv.Lab.Tests;

/// <summary>Labs of test processes that were cut off, by their names (<see cref="TestLabs"/>).</summary>
internal static partial class AbandonedLabs
{
    private const string Directories = "/run";

    /// <summary>
    /// Removes what test processes that run no more left: processes, namespaces, mounts, files. A number that another process has got
    /// meanwhile keeps its leftovers for a later time.
    /// </summary>
    public static async Task RemoveAsync(CancellationToken cancellationToken = default)
    {
        IEnumerable<string> seen = Directory.EnumerateFileSystemEntries(Directories, "t*-lab*").Select(static p => Path.GetFileName(p)).Concat(NetworkNamespace.List());
        foreach (string lab in seen.Select(static n => n.Split('-')[0]).Distinct(StringComparer.Ordinal).Where(IsAbandoned).ToArray())
        {
            var paths = new LabPaths(LabOptions.DirectoryOf(lab));
            using FileLock? alone = FileLock.TryAcquire(paths.Lock);
            if (alone is not null)
            {
                await RemoveAsync(lab, paths, cancellationToken);
            }
        }
    }

    private static bool IsAbandoned(string name) =>
        NameOfALab().Match(name) is { Success: true } match && ProcessIdentity.Of(int.Parse(match.Groups["pid"].ValueSpan)) is null;

    private static async Task RemoveAsync(string lab, LabPaths paths, CancellationToken cancellationToken)
    {
        string[] records = Directory.Exists(paths.Processes) ? Directory.GetFiles(paths.Processes, "*.json") : [];
        await Task.WhenAll(records.Select(r => LabDaemon.StopRecordedAsync(r, cancellationToken)));
        foreach (string netns in NetworkNamespace.List().Where(n => n.StartsWith(lab + "-", StringComparison.Ordinal)))
        {
            // What tests started inside is written down nowhere. Nobody else is in there: who enters a lab knows it by a name.
            foreach (ProcessIdentity process in LabMounts.ProcessesIn(netns))
            {
                _ = process.Send(ProcessSignals.Kill);
            }

            LabWiring.Remove(netns);
        }

        LabMounts.RemoveBelow(paths.Root);
        if (Directory.Exists(paths.Root))
        {
            Directory.Delete(paths.Root, recursive: true);
        }

        File.Delete(paths.Lock);
    }

    [GeneratedRegex("^t(?<pid>[0-9]{1,7})x[0-9a-f]{6}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex NameOfALab();
}
