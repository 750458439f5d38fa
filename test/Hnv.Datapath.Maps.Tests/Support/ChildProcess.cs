using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Hnv.Datapath.Maps.Tests.Support;

/// <summary>This executable, started again to own a data plane until it is killed.</summary>
internal static class ChildProcess
{
    private const string Variable = "HNV_TEST_OPEN";

    /// <returns>When the child has it open.</returns>
    public static Process OpenAndWait(TestHost host)
    {
        ProcessStartInfo start = Command.Quiet(Environment.ProcessPath!);
        start.Environment[Variable] = host.Directory;
        Process process = host.Namespace.Start(start);
        string? line = process.StandardOutput.ReadLine();
        return line == "open" ? process : throw new InvalidOperationException($"the child said: {line}{process.StandardError.ReadToEnd()}");
    }

    /// <summary>Comes before the test runner's own entry point.</summary>
    [ModuleInitializer]
    internal static void BecomeChild()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } directory)
        {
            using Dataplane dataplane = Dataplane.Open(new DataplaneOptions { Directory = directory });
            Console.WriteLine("open");
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
