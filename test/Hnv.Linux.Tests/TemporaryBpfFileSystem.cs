using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests;

/// <summary>A BPF file system in a directory of its own, gone at disposal.</summary>
internal sealed class TemporaryBpfFileSystem : IDisposable
{
    public TemporaryBpfFileSystem() => BpfFileSystem.Mount(Directory);

    public string Directory { get; } = Path.Combine(Path.GetTempPath(), $"hnv-bpffs-{Guid.NewGuid():N}");

    public void Dispose()
    {
        BpfFileSystem.Unmount(Directory);
        System.IO.Directory.Delete(Directory);
    }
}
