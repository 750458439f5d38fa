using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Processes;

namespace Hnv.Lab.Machine;

/// <summary>Mounts below the lab's directory, and identities of namespaces.</summary>
internal static class LabMounts
{
    /// <summary>Unmounts everything below a directory, innermost first: BPF file systems with the pins of the agents.</summary>
    public static void RemoveBelow(string directory)
    {
        // Field 5 of a line is the mount point; blanks in it are written \040.
        string[] points =
        [
            .. File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4].Replace("\\040", " ", StringComparison.Ordinal))
                .Where(p => p.StartsWith(directory + "/", StringComparison.Ordinal)).OrderByDescending(p => p.Length),
        ];
        foreach (string point in points)
        {
            BpfFileSystem.Unmount(point);
        }
    }

    /// <summary>Whether a process lives in the namespace of that name now.</summary>
    public static bool IsSameNamespace(int pid, string netns) => IdentityOf(netns) is { } there && IdentityOf(pid) == there;

    /// <summary>Who lives in the namespace of that name now.</summary>
    public static IReadOnlyList<ProcessIdentity> ProcessesIn(string netns) => NetworkNamespace.Exists(netns) && IdentityOf(netns) is { } there
        ? [
            .. Directory.EnumerateDirectories("/proc").Select(static d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0)
                .Where(pid => pid > 0 && IdentityOf(pid) == there).Select(ProcessIdentity.Of).OfType<ProcessIdentity>(),
        ]
        : [];

    /// <summary>net:[4026532281], the inode of the namespace.</summary>
    private static string? IdentityOf(string netns)
    {
        using NetworkNamespace named = NetworkNamespace.Open(netns);
        return named.Run(() => new FileInfo("/proc/thread-self/ns/net").LinkTarget);
    }

    private static string? IdentityOf(int pid) => new FileInfo($"/proc/{pid}/ns/net").LinkTarget;
}
