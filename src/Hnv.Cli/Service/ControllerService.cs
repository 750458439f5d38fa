using System.Net.Sockets;
using Hnv.Controller;
using Hnv.Linux.Processes;

namespace Hnv.Cli.Service;

/// <summary>Runs a controller and tells systemd, where it is the parent, that it is ready, and goes on telling as long as it is well.</summary>
internal static class ControllerService
{
    public static async Task RunAsync(ControllerOptions options, CommandContext context, CancellationToken cancellationToken)
    {
        var notifier = new ServiceNotifier(context.Environment.Variable);
        await using RunningController controller = await ControllerHost.StartAsync(options, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task telling = TellAsync(notifier, controller, context, stop.Token);
        await controller.WaitAsync(cancellationToken);
        await stop.CancelAsync();
        await telling;
    }

    private static async Task TellAsync(ServiceNotifier notifier, RunningController controller, CommandContext context, CancellationToken cancellationToken)
    {
        TimeSpan pause = notifier.WatchdogPeriod / 2 ?? TimeSpan.FromSeconds(10);
        Tell(notifier.Ready, context);
        try
        {
            while (notifier.IsEnabled)
            {
                Tell(() => notifier.Status($"listens on {string.Join(", ", controller.Addresses)}, revision {controller.Revision}, {controller.ConnectedHosts} hosts"), context);
                if (controller.IsFollowing)
                {
                    Tell(notifier.Watchdog, context);
                }

                await Task.Delay(pause, context.Environment.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Tell(notifier.Stopping, context);
        }
    }

    private static void Tell(Action notification, CommandContext context)
    {
        try
        {
            notification();
        }
        catch (SocketException e)
        {
            context.Log.Line($"The service manager could not be told: {e.Message}");
        }
    }
}
