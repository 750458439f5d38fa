using Hnv.Linux.Bpf;

namespace Hnv.Bench.Topology;

/// <summary>Directories under /run on which data planes mount their BPF file systems.</summary>
internal static class PinDirectories
{
    public static string Of(string topology, string host) => Path.Combine("/run", topology, host);

    /// <summary>Takes a topology's directory away, with mounts and pins in it.</summary>
    public static void Remove(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        foreach (string host in Directory.EnumerateDirectories(directory))
        {
            if (BpfFileSystem.IsMounted(host))
            {
                BpfFileSystem.Unmount(host);
            }
        }

        Directory.Delete(directory, recursive: true);
    }
}
