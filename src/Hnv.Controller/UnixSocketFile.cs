using System.Net.Sockets;
using Hnv.Controller.Identity;
using Hnv.Linux;

namespace Hnv.Controller;

/// <summary>The file of a unix socket outlives a controller that was killed, and would keep the next one from listening.</summary>
internal static class UnixSocketFile
{
    /// <summary>Removes the socket if nobody listens on it any more. Any other file stays, and listening will fail on it.</summary>
    /// <exception cref="ControllerStartException">Somebody listens there.</exception>
    public static void RemoveStale(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException)
        {
            // Not there, or not ours to judge: binding will say it.
            return;
        }

        throw new ControllerStartException($"Another process listens on unix:{path}; stop it, or listen elsewhere.");
    }

    /// <summary>
    /// Lets those connect whom <see cref="SocketUsers"/> knows, and nobody else, who could hold connections. Who may do what is decided by the kernel's word on who
    /// comes. Where the file cannot be given to the readers' group everybody may connect, since else no reader could.
    /// </summary>
    /// <param name="readers">The group; null: there are no readers.</param>
    public static void LetIn(string path, uint? readers)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite, Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        if (readers is not { } group)
        {
            File.SetUnixFileMode(path, Owner);
            return;
        }

        try
        {
            FileOwnership.Give(path, FileOwnership.Of(path).User, group);
            File.SetUnixFileMode(path, Owner | Group);
        }
        catch (IOException)
        {
            // This user is not in the group.
            File.SetUnixFileMode(path, Owner | Group | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        }
    }

    /// <summary>The framework has no word for sockets; an ordinary file can be opened, a socket cannot (ENXIO).</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return false;
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            return true;
        }
    }
}
