using System.Collections.Immutable;
using System.CommandLine;
using Hnv.Agent;
using Hnv.Cli.Configuration;
using Hnv.Cli.Install;
using Hnv.Model;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv install agent|controller</c> and <c>hnv uninstall agent|controller</c>: services on a machine without the packages.</summary>
internal static class InstallCommand
{
    public static Command Create(CommandRunner runner) => new Command("install", "Makes a service of the agent or the controller, with systemd").With(CreateAgent(runner), CreateController(runner));

    public static Command CreateUninstall(CommandRunner runner) => new Command("uninstall", "Removes what 'hnv install' made")
        .With(CreateRemoval(runner, InstallComponent.Agent, "the agent's service and everything of it in the kernel"), CreateRemoval(runner, InstallComponent.Controller, "the controller's service"));

    private static Command CreateAgent(CommandRunner runner)
    {
        var host = new Option<string?>("--host") { Description = "Name of this host in policy", HelpName = "NAME" };
        var controller = new Option<string?>("--controller") { Description = "Address of the controller; several with commas", HelpName = "URL" };
        var uplinks = new Option<string?>("--uplink") { Description = "Interface on the provider network; several with commas", HelpName = "IF" };
        (Option<string?> root, Option<bool> dryRun) = (NewRoot(), NewDryRun());
        return new Command("agent", "Makes the agent a service of this host").With(host, controller, uplinks, root, dryRun).Does(runner, (context, _) =>
        {
            ParseResult a = context.Arguments;
            string[] Split(Option<string?> option) => a.GetValue(option)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
            (string? name, string[] controllers, string[] links) = (a.GetValue(host), Split(controller), Split(uplinks));
            bool complete = AgentOptions.TryCreate(name, controllers, links, null, purge: false, out AgentOptions? _, out ImmutableArray<Finding> findings);
            Finding[] wrong = [.. findings.Where(static f => f.Problem != "is missing")];
            if (wrong.Length > 0)
            {
                throw new CliException(ExitCodes.Usage, [.. wrong.Select(static f => new CliError(f.Problem, $"hnv install agent {f.Field}", f.Remedy))]);
            }

            string text = InstallComponent.Template("etc/agent.yaml");
            text = Set(text, "host", name);
            text = Set(text, "controllers", controllers.Length == 0 ? null : $"[{string.Join(", ", controllers.Select(static c => $"\"{c}\""))}]");
            text = Set(text, "uplinks", links.Length == 0 ? null : $"[{string.Join(", ", links)}]");
            string place = Root(context, root) + SystemPaths.AgentSettings;
            if (File.Exists(place))
            {
                // Installed again: the settings that are there stay, and are to be right.
                AgentOptions there = SettingsThatStay(place);
                AgentOptions.TryCreate(
                    name ?? there.Host, controllers.Length > 0 ? controllers : there.Controllers, links.Length > 0 ? links : there.Uplinks, null, purge: false, out AgentOptions? given, out findings);
                if (given!.Host != there.Host || !given.Controllers.SequenceEqual(there.Controllers) || !given.Uplinks.SequenceEqual(there.Uplinks))
                {
                    throw CliException.Usage($"{place} says something else, and stays as it is.", "Change it there and restart the service, or leave the options out.", "hnv install agent");
                }

                complete = true;
            }

            Install(context, root, dryRun, InstallComponent.Agent, text, complete);
            if (!complete)
            {
                context.Log.Line(
                    $"Next: set host, controllers and uplinks in {SystemPaths.AgentSettings}, 'hnv agent join' where the controller uses TLS, "
                    + $"then: systemctl start {InstallComponent.Agent.Service}");
            }

            return Task.FromResult(ExitCodes.Done);
        });
    }

    /// <exception cref="CliException">They are wrong, or not whole; they are to be put right where they are.</exception>
    private static AgentOptions SettingsThatStay(string place)
    {
        try
        {
            return AgentConfiguration.Options(place, new AgentConfiguration(null, default, default));
        }
        catch (CliException e)
        {
            throw new CliException(e.ExitCode, [.. e.Errors, new CliError(
                $"{place} is there already, and stays as it is.", "hnv install agent", "Set host, controllers and uplinks in it, and install again; the options are for where it is not there.")]);
        }
    }

    private static Command CreateController(CommandRunner runner)
    {
        (Option<string?> root, Option<bool> dryRun) = (NewRoot(), NewDryRun());
        return new Command("controller", "Makes the controller a service of this machine, with a user of its own").With(root, dryRun).Does(runner, (context, _) =>
        {
            string place = Root(context, root) + SystemPaths.ControllerSettings;
            if (File.Exists(place))
            {
                ControllerConfiguration.Read(place);
            }

            Install(context, root, dryRun, InstallComponent.Controller, InstallComponent.Template("etc/controller.yaml"), complete: true);
            context.Log.Line($"Next, for hosts elsewhere: 'hnv controller init NAME ADDRESS', https:// in {SystemPaths.ControllerSettings}, systemctl restart hnv-controller.service");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    private static Command CreateRemoval(CommandRunner runner, InstallComponent component, string what)
    {
        var purge = new Option<bool>("--purge") { Description = "Remove its settings and state, too: nothing stays" };
        (Option<string?> root, Option<bool> dryRun) = (NewRoot(), NewDryRun());
        return new Command(component.Name, $"Removes {what}").With(purge, root, dryRun).Does(runner, (context, _) =>
        {
            string at = Root(context, root);
            if (!InstallPlan.IsInstalled(component, at))
            {
                throw CliException.Failed($"There is no {component.Service} that 'hnv install' made.", "A package is removed with: apt-get remove hnv-" + component.Name);
            }

            bool all = context.Arguments.GetValue(purge);
            bool others = InstallComponent.All.Any(c => c != component && InstallPlan.IsInstalled(c, at));
            // Its own process: of the program that the service ran, whose state it is.
            InstallStep[] kernel = component == InstallComponent.Agent && Directory.Exists(component.StateDirectory) && at.Length == 0
                ? [new InstallStep.Run($"{InstallPlan.ProgramDirectory}/hnv", all ? ["agent", "--purge"] : ["agent", "--purge", "--keep-identity"])]
                : [];
            Do(context, dryRun, at, InstallPlan.Uninstall(component, others, all, kernel));
            context.Log.Line(all ? "Nothing of it is left." : $"Settings and identity stay in {SystemPaths.Settings} and {component.StateDirectory}; with --purge they go, too.");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    private static void Install(CommandContext context, Option<string?> root, Option<bool> dryRun, InstallComponent component, string configuration, bool complete)
    {
        if (AppContext.BaseDirectory.StartsWith(InstallPlan.PackageDirectory + "/", StringComparison.Ordinal))
        {
            throw CliException.Failed("This program came with a package, and so do the services.", $"apt-get install hnv-{component.Name}");
        }

        Do(context, dryRun, Root(context, root), InstallPlan.Install(component, configuration, complete));
    }

    private static void Do(CommandContext context, Option<bool> dryRun, string root, ImmutableArray<InstallStep> steps)
    {
        bool only = context.Arguments.GetValue(dryRun);
        if (!only && root.Length == 0 && !Environment.IsPrivilegedProcess)
        {
            throw CliException.Failed("This changes the machine: it needs root.", "sudo, or --dry-run to see what it would do, or --root DIR.");
        }

        foreach (InstallStep step in steps.Where(s => root.Length == 0 || s is not InstallStep.Run))
        {
            context.Out.Line(step.Words);
            if (!only)
            {
                try
                {
                    step.Do(root);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw CliException.Failed(e.Message, "What was done before it stays; run it again when that is put right.");
                }
            }
        }
    }

    /// <summary>Puts a value in the place of the template's commented-out one.</summary>
    private static string Set(string text, string name, string? value) => value is null
        ? text
        : string.Join('\n', text.Split('\n').Select(line => line.StartsWith($"#{name}: ", StringComparison.Ordinal) ? $"{name}: {value}" : line));

    private static string Root(CommandContext context, Option<string?> option) =>
        context.Arguments.GetValue(option) is { } root && Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) is not "/" and var path ? path : string.Empty;

    private static Option<string?> NewRoot() => new("--root") { Description = "Directory that stands for /: files only, nothing is run", HelpName = "DIR" };

    private static Option<bool> NewDryRun() => new("--dry-run") { Description = "Say what it would do, and do nothing" };
}
