using System.Collections.Immutable;
using System.Globalization;
using Hnv.Agent;
using Hnv.Model;

namespace Hnv.Cli.Configuration;

/// <summary>
/// Settings of an agent, from <c>/etc/hnv/agent.yaml</c> and the command line, which has the last word.
/// <code>
///   host: host1
///   controllers: ["https://controller.example.net:8640"]
///   uplinks: [eth1]
///   vxlanPort: 4789
/// </code>
/// </summary>
/// <param name="Host">Name of this host in policy.</param>
/// <param name="Controllers">Addresses; default: not set.</param>
/// <param name="Uplinks">Names of interfaces; default: not set.</param>
/// <param name="VxlanPort">UDP port; null: not set. 0 stands for what is no number.</param>
internal sealed record AgentConfiguration(string? Host, ImmutableArray<string> Controllers, ImmutableArray<string> Uplinks, int? VxlanPort = null)
{
    private const string HostName = "host", ControllersName = "controllers", UplinksName = "uplinks", VxlanPortName = "vxlanPort";

    private static readonly ImmutableArray<(string Option, string Setting)> s_names =
        [("--host", HostName), ("--controller", ControllersName), ("--uplink", UplinksName), ("--vxlan-port", VxlanPortName)];

    /// <summary>What to run the agent with.</summary>
    /// <param name="file">The configuration; null: there is none.</param>
    /// <param name="given">What the command line says; it goes before the file.</param>
    /// <param name="state">Value of --state.</param>
    /// <param name="purge">Whether --purge was given; then only the state directory is needed.</param>
    /// <exception cref="CliException">Something is wrong or missing; all of it, each with the option, or with file and line.</exception>
    public static AgentOptions Options(string? file, AgentConfiguration given, string? state = null, bool purge = false)
    {
        ConfigurationDocument? document = file is null ? null : ConfigurationDocument.Read(file);
        document?.Know(HostName, ControllersName, UplinksName, VxlanPortName);
        var merged = new AgentConfiguration(
            given.Host ?? document?.Text(HostName),
            given.Controllers.IsDefaultOrEmpty ? document?.List(ControllersName) ?? default : given.Controllers,
            given.Uplinks.IsDefaultOrEmpty ? document?.List(UplinksName) ?? default : given.Uplinks,
            given.VxlanPort ?? (document?.Text(VxlanPortName) is { } port ? int.TryParse(port, CultureInfo.InvariantCulture, out int number) ? number : 0 : null));
        if (AgentOptions.TryCreate(
            merged.Host, Given(merged.Controllers), Given(merged.Uplinks), state, purge, out AgentOptions? options, out ImmutableArray<Finding> findings, merged.VxlanPort))
        {
            document?.ThrowIfWrong();
            return options!;
        }

        foreach (Finding finding in findings)
        {
            (_, string? setting) = s_names.FirstOrDefault(n => n.Option == finding.Field);
            bool said = setting switch
            {
                HostName => given.Host is not null,
                ControllersName => !given.Controllers.IsDefaultOrEmpty,
                UplinksName => !given.Uplinks.IsDefaultOrEmpty,
                VxlanPortName => given.VxlanPort is not null,
                _ => true,
            };
            if (document is null || said)
            {
                throw new CliException(ExitCodes.Usage, [.. findings.Select(static f => new CliError(f.Problem, $"{f.Object} {f.Field}", f.Remedy))]);
            }

            string? quoted = finding.Problem.StartsWith('\'') ? finding.Problem[1..finding.Problem.LastIndexOf('\'')] : null;
            document.Add(quoted is null ? setting! : document.Find(setting!, quoted), finding.Problem, finding.Remedy);
        }

        document!.ThrowIfWrong();
        throw new InvalidOperationException("Options were refused without a finding.");
    }

    private static IEnumerable<string>? Given(ImmutableArray<string> values) => values.IsDefault ? null : values;
}
