using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux;

/// <summary>
/// An exclusive flock(2), shared with other programs that lock the same file or directory (iproute2 locks /run/netns so).
/// It goes with the process, however that ends.
/// </summary>
public sealed class FileLock : IDisposable
{
    private const int CreateReadWrite = 0x42; // O_CREAT | O_RDWR
    private const int Exclusive = 2; // LOCK_EX
    private const int NonBlocking = 4; // LOCK_NB
    private readonly SafeFileHandle _handle;

    private FileLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>Waits for the lock. The file is created if need be and stays when the lock is released.</summary>
    public static FileLock Acquire(string path) => Lock(path, Exclusive)!;

    /// <returns>Null when somebody else, in this process or another, holds it.</returns>
    public static FileLock? TryAcquire(string path) => Lock(path, Exclusive | NonBlocking);

    public void Dispose() => _handle.Dispose();

    private static FileLock? Lock(string path, int operation)
    {
        var handle = Directory.Exists(path) ? Libc.Open(path) : Libc.Open(path, CreateReadWrite, Convert.ToInt32("600", 8));
        int result;
        do
        {
            result = Libc.Flock(handle, operation);
        }
        while (result < 0 && LinuxException.LastErrno == Errno.EINTR);

        if (result == 0)
        {
            return new FileLock(handle);
        }

        var errno = LinuxException.LastErrno;
        handle.Dispose();
        return errno == Errno.EAGAIN ? null : throw new LinuxException($"lock {path}", errno);
    }
}
