using System.Collections.Immutable;
using System.CommandLine;
using Hnv.Cli.Configuration;
using Hnv.Cli.Service;
using Hnv.Controller;
using Hnv.Controller.Identity;
using Hnv.Linux;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv controller [--listen URL] [--store sqlite:PATH|memory] [--data DIR] [--config FILE]</c>, and <c>init</c></summary>
internal static class ControllerCommand
{
    private static readonly ControllerOptions s_defaults = new();

    public static Command Create(CommandRunner runner)
    {
        var listen = new Option<string[]>("--listen")
        {
            Description = $"http://127.0.0.1:PORT (loopback), https://ADDRESS:PORT (certificates), unix:PATH (root; readers' group); may be given several times (else {s_defaults.Listen[0]})",
            HelpName = "URL",
            Arity = ArgumentArity.OneOrMore,
        };
        (Option<string?> store, Option<string> data) = (NewStore(), NewData());
        var readers = new Option<string?>("--readers") { Description = "Group of this machine whose members may read over unix sockets (else hnv, if there is one)", HelpName = "GROUP" };
        var configuration = new Option<string?>("--config") { Description = $"Settings in YAML, such as {SystemPaths.ControllerSettings}; options go before them", HelpName = "FILE" };
        var check = new Option<bool>("--check") { Description = "Say whether the settings are right, and end" };
        Command[] children = [CreateInit(runner), ControllerBackupCommand.CreateBackup(runner), ControllerBackupCommand.CreateRestore(runner)];
        return new Command("controller", "Runs a controller").With(listen, store, data, readers, configuration, check).With(children).Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            ControllerConfiguration settings = a.GetValue(configuration) is { } file ? ControllerConfiguration.Read(file) : new ControllerConfiguration(default, null);
            ControllerOptions options = s_defaults with
            {
                DataDirectory = a.GetValue(data)!,
                Store = a.GetValue(store) ?? settings.Store,
                Readers = a.GetValue(readers) ?? settings.Readers,
                Listen = a.GetValue(listen) is { Length: > 0 } given ? [.. given.SelectMany(l => l.Split(','))] : settings.Listen.IsDefault ? s_defaults.Listen : settings.Listen,
            };
            Check(a.GetValue(listen) is null ? [] : options.Listen, a.GetValue(store));
            if (a.GetValue(check))
            {
                context.Out.Line($"The controller listens on {string.Join(", ", options.Listen)}.");
                return ExitCodes.Done;
            }

            await ControllerService.RunAsync(options, context, token);
            return ExitCodes.Done;
        });
    }

    /// <summary>What the command line says is judged as what a file says is: wrong input, all of it.</summary>
    private static void Check(IEnumerable<string> addresses, string? store)
    {
        var errors = ImmutableArray.CreateBuilder<CliError>();
        foreach (string address in addresses)
        {
            try
            {
                ControllerHost.CheckAddress(address);
            }
            catch (ControllerStartException e)
            {
                errors.Add(new CliError(e.Message));
            }
        }

        try
        {
            _ = store is null ? null : StateLogFactory.FileOf(store);
        }
        catch (StateLogException e)
        {
            errors.Add(new CliError(e.Message, "--store"));
        }

        if (errors.Count > 0)
        {
            throw new CliException(ExitCodes.Usage, errors.ToImmutable());
        }
    }

    private static Command CreateInit(CommandRunner runner)
    {
        var names = new Argument<string[]>("NAME") { Description = "DNS names and addresses by which hosts reach this controller, besides this machine's own", Arity = ArgumentArity.ZeroOrMore };
        var places = new PlacesOptions();
        Option<string> data = places.Data;
        return new Command("init", "Makes a certificate authority, a server certificate and an administrator's").With(names, places.Store, data, places.Configuration).Does(runner, (context, _) =>
        {
            string directory = string.Empty;
            try
            {
                if (places.LogOf(context) is { } log)
                {
                    LogRestore.RefuseUnfinished(log);
                }

                directory = ControllerPki.Initialize(context.Arguments.GetValue(data)!, context.Arguments.GetValue(names) ?? [], context.Environment.Time);
            }
            catch (StateLogException e)
            {
                throw CliException.Failed(e.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CliException.Failed(e.Message, "Run it as the user that the controller runs as, or give --data DIR.");
            }

            GiveToService(context.Arguments.GetValue(data)!);
            context.Out.Line($"Certificates are in {directory}.");
            context.Log.Line("Next: hnv controller --listen https://ADDRESS:8640, and for each host: hnv host enroll NAME");
            context.Log.Line($"An administrator uses --ca {directory}/ca.crt --cert {directory}/admin.crt --key {directory}/admin.key (HNV_CA, HNV_CERT, HNV_KEY).");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    /// <summary>What root wrote into the directory of a service becomes the service's own.</summary>
    internal static void GiveToService(string dataDirectory, string? logFile = null)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        try
        {
            FileOwnership.GiveContentsToOwnerOf(dataDirectory);
            if (logFile is not null)
            {
                (uint user, uint group) = FileOwnership.Of(dataDirectory);
                FileOwnership.Give(logFile, user, group);
            }
        }
        catch (IOException e)
        {
            throw CliException.Failed(e.Message, $"chown -R --reference={dataDirectory} {dataDirectory}");
        }
    }

    internal static Option<string?> NewStore() => new("--store") { Description = "The state log: sqlite:PATH or memory (else state.db in the data directory)", HelpName = "STORE" };

    internal static Option<string> NewData() => new("--data")
    {
        Description = "Directory of certificates and, by default, the state log",
        HelpName = "DIR",
        DefaultValueFactory = static _ => s_defaults.DataDirectory,
    };
}
