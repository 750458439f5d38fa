using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hnv.Linux.Processes;

/// <summary>
/// Tells systemd how this service is (sd_notify(3)): datagrams of NAME=VALUE lines to the socket in NOTIFY_SOCKET. Without
/// systemd, everything here does nothing.
/// </summary>
public sealed class ServiceNotifier
{
    private readonly string? _socketPath;

    /// <param name="environment">How to read an environment variable; null: the process's own.</param>
    public ServiceNotifier(Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        // '@' stands for the zero byte of the abstract namespace.
        _socketPath = environment("NOTIFY_SOCKET") is { Length: > 1 } path ? path[0] == '@' ? '\0' + path[1..] : path : null;
        var forThisProcess = environment("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (forThisProcess && long.TryParse(environment("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0)
        {
            WatchdogPeriod = TimeSpan.FromMicroseconds(microseconds);
        }
    }

    public bool IsEnabled => _socketPath is not null;

    /// <summary>How long systemd waits for <see cref="Watchdog"/> before it restarts the service; call at half of it. Null: not at all.</summary>
    public TimeSpan? WatchdogPeriod { get; }

    public void Ready() => Send("READY=1");

    public void Stopping() => Send("STOPPING=1");

    public void Watchdog() => Send("WATCHDOG=1");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public void Status(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Send("STATUS=" + text.ReplaceLineEndings(" ")); // A line's end would begin another assignment.
    }

    /// <exception cref="SocketException">systemd's socket is named but not there.</exception>
    private void Send(string assignment)
    {
        if (_socketPath is null)
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.SendTo(Encoding.UTF8.GetBytes(assignment), new UnixDomainSocketEndPoint(_socketPath));
    }
}
