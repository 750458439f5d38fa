namespace Hnv.Cli.Output;

/// <summary>What went wrong at a descriptor, in the kernel's words.</summary>
internal static class IoProblem
{
    /// <summary>Of EBADF and EPERM the framework says that access to a path is denied; what it was stands within. Ends with a full stop.</summary>
    public static string Of(Exception e) => (e is UnauthorizedAccessException && e.InnerException is { } inner ? inner : e).Message.TrimEnd('.') + ".";
}
