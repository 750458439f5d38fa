using System.Net.Sockets;
using System.Text;
using Hnv.Linux.Processes;

namespace Hnv.Linux.Tests.Processes;

public sealed class ServiceNotifierTests
{
    private static ServiceNotifier With(params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Everything_SocketNamed_ArrivesAsDatagrams(bool isAbstract)
    {
        var path = Path.Combine(Path.GetTempPath(), $"hnv-notify-{Guid.NewGuid():N}");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + path : path));
        try
        {
            var notifier = With(("NOTIFY_SOCKET", isAbstract ? '@' + path : path));
            Assert.True(notifier.IsEnabled);
            notifier.Ready();
            notifier.Status("2 ports\nREADY=0");
            notifier.Watchdog();
            notifier.Stopping();
            var buffer = new byte[100];
            string Next() => Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
            Assert.Equal(["READY=1", "STATUS=2 ports READY=0", "WATCHDOG=1", "STOPPING=1"], [Next(), Next(), Next(), Next()]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Ready_NoSystemd_DoesNothing()
    {
        var notifier = With();
        notifier.Ready();
        Assert.False(notifier.IsEnabled);
        Assert.Null(notifier.WatchdogPeriod);
    }

    [Fact]
    public void WatchdogPeriod_ForThisProcessOnly()
    {
        Assert.Equal(TimeSpan.FromSeconds(3), With(("WATCHDOG_USEC", "3000000")).WatchdogPeriod);
        Assert.Equal(TimeSpan.FromSeconds(3), With(("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", $"{Environment.ProcessId}")).WatchdogPeriod);
        Assert.Null(With(("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", "1")).WatchdogPeriod);
    }
}
