namespace Hnv.Linux.Netlink;

/// <summary>
/// Settings under /proc/sys; those below <c>net</c> are the ones of the calling thread's network namespace
/// (<see cref="Namespaces.NetworkNamespace.Run(Action)"/>). Paths have slashes, since interface names may hold dots.
/// </summary>
public static class Sysctl
{
    /// <param name="path">E.g. <c>net/ipv4/conf/up0/forwarding</c>.</param>
    /// <exception cref="IOException">The kernel refuses the value, or there is no such setting.</exception>
    public static void Write(string path, string value) => File.WriteAllText(PathOf(path), value);

    public static void Write(string path, int value) => Write(path, value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <returns>The value without the line's end.</returns>
    public static string Read(string path) => File.ReadAllText(PathOf(path)).TrimEnd('\n');

    /// <summary>Whether this kernel has the setting.</summary>
    public static bool Exists(string path) => File.Exists(PathOf(path));

    private static string PathOf(string path) =>
        path.Split('/').Contains("..", StringComparer.Ordinal) ? throw new ArgumentException($"'{path}' leaves /proc/sys.", nameof(path)) : $"/proc/sys/{path}";
}
