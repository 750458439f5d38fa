using System.Text;
using Hnv.Api.Client;

namespace Hnv.Cli.Tests;

/// <summary>What a command line wrote, and its exit code.</summary>
public sealed record CliRun(int ExitCode, string Output, string Error)
{
    /// <summary>What this machine may have in /etc is not the tests'.</summary>
    internal const string NoConfiguration = "/nonexistent/client.yaml";

    /// <summary>Runs a command as if its outputs were files.</summary>
    /// <param name="variables">The environment.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="lab">Address of the running lab's controller.</param>
    public static async Task<CliRun> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables = null, string input = "", string? lab = null)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        using var reader = new StringReader(input);
        var environment = new CliEnvironment(
            output, error, false, false, reader, name => variables?.GetValueOrDefault(name), () => lab, options => new HnvClient(options), TimeProvider.System)
        {
            ClientConfiguration = NoConfiguration,
            InputBytes = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
        };
        int exitCode = await CliApplication.RunAsync(arguments, environment, TestContext.Current.CancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The same, from one line with blanks between the words.</summary>
    public static Task<CliRun> RunAsync(string line, IReadOnlyDictionary<string, string>? variables = null, string input = "", string? lab = null) =>
        RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), variables, input, lab);
}
