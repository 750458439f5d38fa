using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Net;
using System.Security.Authentication;
using Hnv.Agent;
using Hnv.Api.Client;
using Hnv.Cli.Commands;
using Hnv.Cli.Completion;
using Hnv.Cli.Configuration;
using Hnv.Cli.Output;
using Hnv.Controller;
using Hnv.Lab;
using Hnv.Linux;

namespace Hnv.Cli;

/// <summary>The <c>hnv</c> command: parses, runs, and turns every failure into words and an exit code.</summary>
public static class CliApplication
{
    /// <summary>How the framework begins to say that it does not trust a certificate; other failures of TLS are of the same type.</summary>
    private const string Distrust = "The remote certificate";

    /// <summary>Runs one command line.</summary>
    /// <returns>0 done; 1 failed or "no"; 2 wrong usage or invalid input.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellationToken = default)
    {
        var errors = new ErrorWriter(environment);
        environment = environment with { Output = new CheckedWriter(environment.Output, "The result"), Error = new CheckedWriter(environment.Error, "Standard error") };
        ParseResult? running = null;
        RootCommand root = BuildRoot((parsed, run, token) =>
        {
            running = parsed;
            return RunOneAsync(environment, parsed, run, token);
        }, CommandList.Find(arguments) ?? SuggestedLine.CommandOf(arguments));
        try
        {
            if (SuggestedLine.TryAnswer(root, arguments, environment))
            {
                return ExitCodes.Done;
            }

            ParseResult parsed = root.Parse(arguments.Count == 0 ? ["--help"] : arguments);
            bool asksForHelp = parsed.Action is System.CommandLine.Help.HelpAction || arguments is [['[', ..], ..];
            if (!asksForHelp && UsageErrors.Find(parsed) is { IsEmpty: false } found)
            {
                errors.Write(found);
                return ExitCodes.Usage;
            }

            // After SIGINT or SIGTERM the default is two seconds: on a busy machine a lab is not removed by then, and its namespaces stay.
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = environment.Output, Error = environment.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
                },
                cancellationToken);
        }
        catch (CliException e)
        {
            errors.Write(e.Errors);
            return e.ExitCode;
        }
        catch (HnvApiException e)
        {
            (int exitCode, ImmutableArray<CliError> explained) = Explain(e, ClientSettings.Of(running!, environment).Controller);
            errors.Write(explained);
            return exitCode;
        }
        catch (LabException e)
        {
            errors.Write([new CliError(e.Message)]);
            return ExitCodes.Failed;
        }
        catch (AgentException e)
        {
            errors.Write([new CliError(e.Message)]);
            return ExitCodes.Failed;
        }
        catch (ControllerStartException e)
        {
            errors.Write([new CliError(e.Message)]);
            return ExitCodes.Failed;
        }
        catch (LinuxException e)
        {
            errors.Write([new CliError(e.Message)]);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Failed; // Ctrl-C: the user knows.
        }
    }

    private static (int ExitCode, ImmutableArray<CliError> Errors) Explain(HnvApiException e, ControllerAddress address)
    {
        if (e.IsUnreachable)
        {
            string remedy = HandshakeFailure(e) switch
            {
                null => address.Remedy,
                var failure when failure.StartsWith(Distrust, StringComparison.Ordinal) =>
                    "Something answers there with a certificate that is not trusted: give --ca FILE (or HNV_CA), the ca.crt that 'hnv controller init' wrote.",
                _ => "What answers there does not speak TLS, or refuses this caller's: http:// for an address without certificates; --cert FILE --key FILE for who calls.",
            };
            return (ExitCodes.Failed, [new CliError(e.Message, $"the address is {address.Origin}", remedy)]);
        }

        bool invalid = e.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity;
        return (invalid ? ExitCodes.Usage : ExitCodes.Failed,
            e.Findings.IsEmpty
                ? [new CliError(e.Message)]
                : [.. e.Findings.Select(f => new CliError(f.Problem, Where(f.Object, f.Field), f.Remedy))]);
    }

    /// <summary>Why TLS did not come about; null: that was not it.</summary>
    private static string? HandshakeFailure(Exception e)
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            if (at is AuthenticationException)
            {
                return at.Message;
            }
        }

        return null;
    }

    /// <summary>The place of a finding in the user's names: <c>Port blue/blue1, addresses/0</c>.</summary>
    internal static string Where(string subject, string field) =>
        field.Length == 0 ? subject : $"{subject}, {field.TrimStart('/')}";

    /// <param name="only">Name of the one command that is needed; null: all, for help, suggestions, and what is no command.</param>
    internal static RootCommand BuildRoot(CommandRunner runner, string? only = null)
    {
        var root = new RootCommand("Network virtualization for Linux hosts: VM networks of many tenants over NVGRE or VXLAN, as Hyper-V does it.");
        foreach (Command command in CommandList.Create(runner, only))
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static async Task<int> RunOneAsync(
        CliEnvironment environment, ParseResult parsed, Func<CommandContext, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        using var context = new CommandContext(environment, parsed);
        return await run(context, cancellationToken);
    }
}

/// <summary>Runs what a command does, with a context for its arguments.</summary>
internal delegate Task<int> CommandRunner(
    ParseResult parsed, Func<CommandContext, CancellationToken, Task<int>> run, CancellationToken cancellationToken);

/// <summary>Shared by the command files.</summary>
internal static class CommandExtensions
{
    /// <summary>Sets what a command does.</summary>
    public static Command Does(this Command command, CommandRunner runner, Func<CommandContext, CancellationToken, Task<int>> run)
    {
        command.SetAction((parsed, token) => runner(parsed, run, token));
        return command;
    }

    /// <summary>Adds options and arguments in the order they are helped in.</summary>
    public static Command With(this Command command, params ReadOnlySpan<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    command.Options.Add(option);
                    break;
                case Argument argument:
                    command.Arguments.Add(argument);
                    break;
                case Command child:
                    command.Subcommands.Add(child);
                    break;
            }
        }

        return command;
    }
}
