using System.CommandLine;
using Hnv.Bench.Topology;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv bench receivers</c>: the process that reads the streams of simulated hosts. Started by a benchmark, hidden in the help; ends with its input.</summary>
internal static class BenchReceiversCommand
{
    public static Command Create(CommandRunner runner)
    {
        var port = new Argument<int>("PORT") { Description = "Of the controller, on loopback" };
        var file = new Argument<string>("FILE") { Description = "Where they count" };
        var hosts = new Argument<string[]>("HOST") { Arity = ArgumentArity.OneOrMore };
        Command command = new Command("receivers", "Reads the streams of hosts, and counts").With(port, file, hosts)
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                var end = CancellationTokenSource.CreateLinkedTokenSource(token);
                _ = Task.Run(Console.In.ReadToEnd, CancellationToken.None).ContinueWith(_ => end.Cancel(), TaskScheduler.Default); // The console knows no other way to wait.
                await Task.Factory.StartNew(
                    () => StreamReceivers.Run(a.GetValue(port), a.GetValue(hosts)!, a.GetValue(file)!, end.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                return ExitCodes.Done;
            });
        command.Hidden = true;
        return command;
    }
}
