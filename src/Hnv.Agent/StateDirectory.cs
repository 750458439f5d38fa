using Hnv.Agent.Counters;
using Hnv.Linux;

namespace Hnv.Agent;

/// <summary>
/// The directory an agent owns, locked: one agent at a time, and gone with the process however that ends.
/// <code>
///   lock          held while an agent (or a purge) runs
///   policy/       last policy, one file a network
///   counters.json what ports had counted before they were bound here
///   identity/     what `hnv agent join` made
///   agent.sock    local endpoint, while an agent runs
///   bpf/          BPF file system with the pinned maps and programs; bpf.lock is its owner's
/// </code>
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private readonly FileLock _lock;

    private StateDirectory(string path, FileLock heldLock)
    {
        Root = path;
        _lock = heldLock;
    }

    public string Root { get; }

    public string BpfDirectory => Path.Combine(Root, "bpf");

    /// <exception cref="AgentException">Another agent has it, or it cannot be made.</exception>
    public static StateDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string lockFile = Path.Combine(path, "lock");
            return FileLock.TryAcquire(lockFile) is { } held
                ? new StateDirectory(path, held)
                : throw new AgentException($"Another agent runs with the state directory {path}. End it first, or give this one another --state.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LinuxException)
        {
            throw new AgentException($"The state directory {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Deletes what an agent made here, and the directory itself if nothing else is in it.</summary>
    /// <exception cref="IOException">Something cannot be deleted.</exception>
    public void DeleteContents(bool keepIdentity = false)
    {
        foreach (string name in keepIdentity ? (ReadOnlySpan<string>)["policy"] : ["policy", "identity"])
        {
            string path = Path.Combine(Root, name);
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }

        foreach (string path in Directory.EnumerateFiles(Root, CounterFileStore.FileName + "*"))
        {
            File.Delete(path); // With what was set aside, or not finished.
        }

        if (Directory.Exists(BpfDirectory))
        {
            Directory.Delete(BpfDirectory);
        }

        foreach (string name in (ReadOnlySpan<string>)[Local.LocalEndpoint.SocketName, "bpf.lock", "lock"])
        {
            File.Delete(Path.Combine(Root, name));
        }

        if (!Directory.EnumerateFileSystemEntries(Root).Any())
        {
            Directory.Delete(Root);
        }
    }

    public void Dispose() => _lock.Dispose();
}
