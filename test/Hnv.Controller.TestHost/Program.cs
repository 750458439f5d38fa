using Hnv.Controller;

// A controller in a process of its own, for tests that kill it: DATA-DIRECTORY; prints where it listens.
await using RunningController controller = await ControllerHost.StartAsync(new ControllerOptions
{
    DataDirectory = args[0],
    Listen = ["http://127.0.0.1:0"],
    LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
});
Console.WriteLine(controller.Addresses[0]);
await controller.WaitAsync();
