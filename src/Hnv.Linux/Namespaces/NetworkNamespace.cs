using System.Diagnostics;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Namespaces;

/// <summary>
/// A network namespace, held open. Named ones are bind mounts in /run/netns exactly as <c>ip netns add</c> makes them, so
/// <c>ip netns exec NAME</c> works. Only the network changes inside: /sys keeps showing the devices of the namespace it was
/// mounted in.
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    private const string Folder = "/run/netns"; // NETNS_RUN_DIR of iproute2
    private const int CreateExclusive = 0xc0; // O_CREAT | O_EXCL
    private const nuint BindMount = 0x1000, Recursive = 0x4000, SharedMount = 1 << 20; // MS_BIND, MS_REC, MS_SHARED
    private const int Detach = 2; // MNT_DETACH

    private NetworkNamespace(SafeFileHandle handle, string description)
    {
        Handle = handle;
        Description = description;
    }

    public SafeFileHandle Handle { get; }

    /// <summary>The name, or how it was found; for messages.</summary>
    public string Description { get; }

    /// <summary>Creates a named namespace; its loopback is down.</summary>
    /// <exception cref="LinuxException">EEXIST when the name is taken.</exception>
    public static NetworkNamespace Create(string name)
    {
        var path = PathOf(name);
        PrepareFolder();
        Libc.Open(path, CreateExclusive).Dispose();
        try
        {
            DedicatedThread.Run($"create namespace {name}", () =>
            {
                Check(Libc.Unshare(Libc.NewNetworkNamespace), $"make namespace {name}");
                // thread-self, not self: only this thread is in the new namespace.
                return Check(Libc.Mount("/proc/thread-self/ns/net", path, null, BindMount, null), $"mount namespace {name} at {path}");
            });
            return Open(name);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Creates a namespace without a name: it goes with this instance and whatever else holds it. Its loopback is down.</summary>
    /// <param name="description">For messages.</param>
    public static NetworkNamespace CreateUnnamed(string description) => DedicatedThread.Run($"create namespace {description}", () =>
    {
        Check(Libc.Unshare(Libc.NewNetworkNamespace), $"make a namespace for the {description}");
        return new NetworkNamespace(Libc.Open("/proc/thread-self/ns/net"), description);
    });

    /// <exception cref="LinuxException">ENOENT when there is none of that name.</exception>
    public static NetworkNamespace Open(string name) => new(Libc.Open(PathOf(name)), name);

    /// <summary>The namespace of a process (of its main thread).</summary>
    public static NetworkNamespace OfProcess(int pid) => new(Libc.Open($"/proc/{pid}/ns/net"), $"of process {pid}");

    /// <summary>The namespace of the calling thread.</summary>
    public static NetworkNamespace Current() => new(Libc.Open("/proc/thread-self/ns/net"), "of this thread");

    /// <summary>Whether a namespace is mounted under this name; a plain file left there by a failed creation does not count.</summary>
    public static bool Exists(string name) => File.Exists(PathOf(name)) && IsMounted(name);

    /// <summary>Names of all named namespaces.</summary>
    public static IReadOnlyList<string> List() =>
        Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)).Where(IsMounted).Order(StringComparer.Ordinal)] : [];

    /// <summary>
    /// Removes the name. The namespace itself, with its virtual interfaces, goes when no process, socket or instance of
    /// this class holds it any more.
    /// </summary>
    /// <returns>False when there was none.</returns>
    public static bool Delete(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
        {
            return false;
        }

        // EINVAL: not a mount, but the file of a creation that failed half way.
        if (Libc.Unmount(path, Detach) != 0 && LinuxException.LastErrno != Errno.EINVAL)
        {
            throw LinuxException.FromLastError($"unmount namespace {name}");
        }

        if (Libc.Unlink(path) != 0 && LinuxException.LastErrno != Errno.ENOENT)
        {
            throw LinuxException.FromLastError($"remove {path}");
        }

        return true;
    }

    /// <summary>
    /// Runs work inside, on a thread of its own. Sockets made there stay in the namespace and may be used from any thread
    /// afterwards; asynchronous continuations do not stay, so finish what needs the namespace before returning.
    /// </summary>
    public T Run<T>(Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return DedicatedThread.Run($"netns {Description}", () =>
        {
            Check(Libc.SetNamespace(Handle, Libc.NewNetworkNamespace), $"enter namespace {Description}");
            return work();
        });
    }

    public void Run(Action work) => Run(() =>
    {
        work();
        return 0;
    });

    /// <summary>Starts a program inside: a child inherits the namespace of the thread that forks it.</summary>
    public Process Start(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (start.UseShellExecute)
        {
            throw new ArgumentException("A shell would be found outside the namespace.", nameof(start));
        }

        return Run(() => Process.Start(start)!);
    }

    public void Dispose() => Handle.Dispose();

    public override string ToString() => Description;

    private static string PathOf(string name) =>
        name.Length is > 0 and < 256 && !name.Contains('/', StringComparison.Ordinal) && name is not ("." or "..")
            ? Path.Combine(Folder, name)
            : throw new ArgumentException($"'{name}' is no name for a namespace.", nameof(name));

    /// <summary>A mounted namespace is a file of nsfs, whose device differs from the folder's.</summary>
    private static unsafe bool IsMounted(string name)
    {
        const long nsfsMagic = 0x6e736673; // NSFS_MAGIC, linux/magic.h
        var buffer = default(Libc.StatFsBuffer);
        return Libc.StatFs(PathOf(name), &buffer) == 0 && buffer.Type == nsfsMagic;
    }

    /// <summary>
    /// The folder must be a shared mount, so that names removed here vanish in other mount namespaces too. As in iproute2:
    /// under a lock, because two at once would stack two mounts and hide each other's names.
    /// </summary>
    private static void PrepareFolder()
    {
        Directory.CreateDirectory(Folder);
        using var exclusive = FileLock.Acquire(Folder);
        if (Libc.Mount("", Folder, null, SharedMount | Recursive, null) == 0)
        {
            return;
        }

        // EINVAL: not a mount yet.
        Check(LinuxException.LastErrno == Errno.EINVAL ? 0 : -1, $"share {Folder}");
        Check(Libc.Mount(Folder, Folder, null, BindMount | Recursive, null), $"mount {Folder}");
        Check(Libc.Mount("", Folder, null, SharedMount | Recursive, null), $"share {Folder}");
    }

    private static int Check(int result, string operation) => result >= 0 ? result : throw LinuxException.FromLastError(operation);
}
