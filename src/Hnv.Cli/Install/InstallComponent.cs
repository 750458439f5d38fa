using System.Collections.Immutable;
using System.Text;
using Hnv.Cli.Configuration;

namespace Hnv.Cli.Install;

/// <summary>What of HNV a machine can run as a service. The files are those of the packages (<c>packaging/</c>).</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Service">The unit that runs it.</param>
/// <param name="Units">All its units.</param>
/// <param name="Configuration">Its settings; absolute.</param>
/// <param name="StateDirectory">Absolute.</param>
/// <param name="User">The system user it runs as; null: root.</param>
/// <param name="Readers">The system group that may read over its unix socket; null: it has none.</param>
internal sealed record InstallComponent(
    string Name, string Service, ImmutableArray<string> Units, string Configuration, string StateDirectory, string? User, string? Readers)
{
    public static InstallComponent Agent { get; } = new(
        "agent", "hnv-agent.service", ["hnv-agent.service", "var-lib-hnv-agent-bpf.mount"], SystemPaths.AgentSettings, SystemPaths.AgentState, null, null);

    public static InstallComponent Controller { get; } = new(
        "controller", "hnv-controller.service", ["hnv-controller.service"], SystemPaths.ControllerSettings, SystemPaths.ControllerState, "hnv-controller", "hnv");

    public static ImmutableArray<InstallComponent> All { get; } = [Agent, Controller];

    /// <summary>A file of <c>packaging/</c> by its path there.</summary>
    public static string Template(string path)
    {
        using Stream stream = typeof(InstallComponent).Assembly.GetManifestResourceStream($"packaging/{path}")
            ?? throw new InvalidOperationException($"packaging/{path} is not in this program.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
