using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Hnv.Linux;

/// <summary>A system call failed. The message reads <c>operation: ENAME (text): detail</c>.</summary>
public class LinuxException : Exception
{
    /// <param name="operation">What was attempted, with the names the caller used.</param>
    /// <param name="errno">Why the kernel refused.</param>
    /// <param name="detail">What else the kernel or a library said, if anything.</param>
    public LinuxException(string operation, Errno errno, string? detail = null)
        : base(Describe(operation, errno, detail)) => Errno = errno;

    public Errno Errno { get; }

    /// <summary>The exception for the error number that the last P/Invoke with SetLastError left behind.</summary>
    internal static LinuxException FromLastError(string operation) => new(operation, LastErrno);

    internal static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    private static string Describe(string operation, Errno errno, string? detail)
    {
        // strerror knows nothing of 524, the kernel's internal "not supported".
        var text = errno == Errno.ENOTSUPP ? "Operation is not supported" : new Win32Exception((int)errno).Message;
        return string.IsNullOrEmpty(detail) ? $"{operation}: {errno} ({text})" : $"{operation}: {errno} ({text}): {detail}";
    }
}
