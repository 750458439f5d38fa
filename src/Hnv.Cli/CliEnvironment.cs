using Hnv.Api.Client;
using Hnv.Cli.Configuration;
using Hnv.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Cli;

/// <summary>What the commands see of the world around them; tests put in their own.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Problems and progress.</param>
/// <param name="OutputIsTerminal">Decides over colour and width.</param>
/// <param name="ErrorIsTerminal">The same for <paramref name="Error"/>.</param>
/// <param name="Input">For a token.</param>
/// <param name="Variable">Reads an environment variable.</param>
/// <param name="RunningLab">Address of the running lab's controller, if there is one.</param>
/// <param name="Connect">Makes the client for an address.</param>
/// <param name="Time">The clock.</param>
public sealed record CliEnvironment(
    TextWriter Output, TextWriter Error, bool OutputIsTerminal, bool ErrorIsTerminal, TextReader Input,
    Func<string, string?> Variable, Func<string?> RunningLab, Func<HnvClientOptions, HnvClient> Connect, TimeProvider Time)
{
    private const int StandardOutput = 1;

    /// <summary>Where a result that is no text goes when <c>-</c> is asked for.</summary>
    public Func<Stream> OutputBytes { get; init; } = OpenStandardOutput;

    /// <summary>Where manifests, exports and backups are read from when <c>-</c> is asked for.</summary>
    public Func<Stream> InputBytes { get; init; } = Console.OpenStandardInput;

    /// <summary>Whether nobody reads the results any more.</summary>
    public Func<bool> IsOutputGone { get; init; } = static () => false;

    /// <summary>Settings of commands for all users of this machine.</summary>
    public string ClientConfiguration { get; init; } = SystemPaths.ClientSettings;

    /// <summary>The framework's console holds the lock of all its writers while it writes: a pipe that nobody reads yet would keep progress from the terminal.</summary>
    private static Stream OpenStandardOutput()
    {
        var file = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return file.CanSeek ? Console.OpenStandardOutput() : file; // The end of a file, which others may write behind, the console keeps.
    }

    /// <summary>That of this process.</summary>
    public static CliEnvironment OfProcess() => new(
        Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected, new StreamReader(Console.OpenStandardInput()), // Console.In reads the terminal's description at once.
        Environment.GetEnvironmentVariable, Lab.LabOptions.RunningController, static options => new HnvClient(options), TimeProvider.System)
    {
        IsOutputGone = static () => OutputReader.IsGone(StandardOutput),
    };
}
