using System.CommandLine;
using Hnv.Agent;
using Hnv.Cli.Configuration;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv agent --host NAME --controller URL[,URL…] --uplink IF[,IF…] [--state DIR] [--config FILE] [--purge]</c> and <c>hnv agent join</c></summary>
internal static class AgentCommand
{
    /// <summary>Characters of a token that are read; it has some hundred.</summary>
    private const int MaxToken = 4096;

    public static Command Create(CommandRunner runner)
    {
        var host = new Option<string?>("--host") { Description = "Name of this host in policy", HelpName = "NAME" };
        var controller = new Option<string?>("--controller") { Description = "Address of the controller; several with commas (else HNV_CONTROLLER)", HelpName = "URL" };
        var uplinks = new Option<string[]>("--uplink") { Description = "Interface on the provider network; several with commas", HelpName = "IF", Arity = ArgumentArity.OneOrMore };
        Option<string?> state = State();
        var vxlanPort = new Option<int?>("--vxlan-port") { Description = $"UDP port of VM networks in VXLAN, the same on every host (else {AgentOptions.DefaultVxlanPort})", HelpName = "PORT" };
        var configuration = new Option<string?>("--config") { Description = $"Settings in YAML, such as {SystemPaths.AgentSettings}; options go before them", HelpName = "FILE" };
        var check = new Option<bool>("--check") { Description = "Say whether the settings are right, and end" };
        var purge = new Option<bool>("--purge") { Description = "Remove everything of the agent from the kernel, and its policy on disk, and end" };
        var keepIdentity = new Option<bool>("--keep-identity") { Description = "With --purge: leave the certificate that 'hnv agent join' got" };
        return new Command("agent", "Runs the agent of this host")
            .With(host, controller, uplinks, state, vxlanPort, configuration, check, purge, keepIdentity, CreateJoin(runner)).Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            string? controllers = a.GetValue(controller) ?? (a.GetValue(configuration) is null ? context.Environment.Variable("HNV_CONTROLLER") : null);
            AgentOptions options = AgentConfiguration.Options(
                a.GetValue(configuration),
                new AgentConfiguration(a.GetValue(host), controllers is null ? default : [controllers], a.GetValue(uplinks) is { } links ? [.. links] : default, a.GetValue(vxlanPort)),
                a.GetValue(state),
                a.GetValue(purge));
            if (a.GetValue(check))
            {
                context.Out.Line(
                    $"The agent of {options.Host} takes its policy from {string.Join(", ", options.Controllers)}, with uplinks {string.Join(", ", options.Uplinks)}."
                    + $"{(options.VxlanPort == AgentOptions.DefaultVxlanPort ? "" : $" VXLAN is at UDP port {options.VxlanPort}.")}");
                return ExitCodes.Done;
            }

            if (!Environment.IsPrivilegedProcess)
            {
                throw CliException.Failed("The agent needs root: it loads eBPF programs.", "Run it with sudo, or as a service.");
            }

            await AgentHost.RunAsync(options with { KeepIdentity = a.GetValue(keepIdentity) }, token);
            return ExitCodes.Done;
        });
    }

    private static Command CreateJoin(CommandRunner runner)
    {
        var tokenOption = new Option<string>("--token") { Description = "As 'hnv host enroll NAME' printed it; - reads it from standard input", HelpName = "TOKEN", Required = true };
        Option<string?> state = State();
        return new Command("join", "Turns a one-time token into this host's client certificate").With(tokenOption, state, SharedOptions.Controller).Does(runner, async (context, token) =>
        {
            string text = context.Arguments.GetValue(tokenOption)!;
            text = text == "-" ? ReadToken(context.Environment.Input) : text;
            try
            {
                string name = await context.Log.DuringAsync(
                    $"Waiting for the controller at {context.Controller.Address}",
                    () => AgentJoin.RunAsync(context.Controller.Address, text, context.Arguments.GetValue(state), token));
                context.Out.Line($"This host is {name} now. Start its agent: hnv agent --host {name} --controller {context.Controller.Address} --uplink IF");
                return ExitCodes.Done;
            }
            catch (FormatException e)
            {
                throw CliException.Usage(e.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CliException.Failed($"The certificate cannot be kept: {e.Message}", "Run it as root, or give --state DIR.");
            }
        });
    }

    /// <summary>The first line: no token is longer than what is read of it.</summary>
    /// <exception cref="CliException">It cannot be read.</exception>
    private static string ReadToken(TextReader input)
    {
        Span<char> text = stackalloc char[MaxToken];
        int length = 0;
        try
        {
            for (int c; length < text.Length && (c = input.Read()) is not (-1 or '\n');)
            {
                text[length++] = (char)c;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage(IoProblem.Of(e), "The token that 'hnv host enroll NAME' printed.", "(standard input)");
        }

        return text[..length].Trim().ToString();
    }

    private static Option<string?> State() => new("--state") { Description = $"Where the last policy and the certificate are kept (else {AgentOptions.DefaultStateDirectory})", HelpName = "DIR" };
}
