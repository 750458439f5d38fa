using System.CommandLine;
using System.Reflection;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv version</c></summary>
internal static class VersionCommand
{
    /// <summary>Of this build.</summary>
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static Command Create(CommandRunner runner) => new Command("version", "The version of hnv").Does(runner, (context, _) =>
    {
        context.Out.Line($"hnv {Version}, .NET {Environment.Version}, kernel {Environment.OSVersion.Version}");
        return Task.FromResult(ExitCodes.Done);
    });
}
