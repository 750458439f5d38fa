using System.CommandLine;
using Hnv.Controller;
using Hnv.Controller.Identity;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv controller [--listen URL] [--store sqlite:PATH|memory] [--data DIR]</c>, <c>init</c>, <c>backup</c> and <c>restore</c></summary>
internal static class ControllerCommand
{
    private static readonly ControllerOptions s_defaults = new();

    public static Command Create(CommandRunner runner)
    {
        var listen = new Option<string[]>("--listen")
        {
            Description = $"http://127.0.0.1:PORT (loopback), https://ADDRESS:PORT (certificates), unix:PATH (root); may be given several times (else {s_defaults.Listen[0]})",
            HelpName = "URL",
            Arity = ArgumentArity.OneOrMore,
        };
        (Option<string?> store, Option<string> data) = (Store(), Data());
        return new Command("controller", "Runs a controller").With(listen, store, data, CreateInit(runner), CreateBackup(runner), CreateRestore(runner)).Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            await ControllerHost.RunAsync(
                s_defaults with
                {
                    DataDirectory = a.GetValue(data)!,
                    Store = a.GetValue(store),
                    Listen = a.GetValue(listen) is { Length: > 0 } given ? [.. given.SelectMany(l => l.Split(','))] : s_defaults.Listen,
                },
                token);
            return ExitCodes.Done;
        });
    }

    private static Command CreateInit(CommandRunner runner)
    {
        var names = new Argument<string[]>("NAME") { Description = "DNS names and addresses by which hosts reach this controller, besides this machine's own", Arity = ArgumentArity.ZeroOrMore };
        Option<string> data = Data();
        return new Command("init", "Makes a certificate authority, a server certificate and an administrator's").With(names, data).Does(runner, (context, _) =>
        {
            string directory = string.Empty;
            Guard(() => directory = ControllerPki.Initialize(context.Arguments.GetValue(data)!, context.Arguments.GetValue(names) ?? [], context.Environment.Time));
            context.Out.Line($"Certificates are in {directory}.");
            context.Log.Line("Next: hnv controller --listen https://ADDRESS:8640, and for each host: hnv host enroll NAME");
            context.Log.Line($"An administrator uses --ca {directory}/ca.crt --cert {directory}/admin.crt --key {directory}/admin.key (HNV_CA, HNV_CERT, HNV_KEY).");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    private static Command CreateBackup(CommandRunner runner)
    {
        var target = new Argument<string>("FILE") { Description = "A new file" };
        (Option<string?> store, Option<string> data) = (Store(), Data());
        return new Command("backup", "Writes a consistent copy of the state log; the controller may go on meanwhile").With(target, store, data).Does(runner, (context, _) =>
        {
            string log = LogFile(context.Arguments.GetValue(store), context.Arguments.GetValue(data)!);
            string file = context.Arguments.GetValue(target)!;
            Guard(() => SqliteStateLog.Backup(log, file));
            context.Out.Line($"{log} is copied to {file}.");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    private static Command CreateRestore(CommandRunner runner)
    {
        var source = new Argument<string>("FILE") { Description = "What 'hnv controller backup' wrote" };
        (Option<string?> store, Option<string> data) = (Store(), Data());
        return new Command("restore", "Puts a copy in the place of a state log that is gone; the controller must not run").With(source, store, data).Does(runner, (context, _) =>
        {
            string log = LogFile(context.Arguments.GetValue(store), context.Arguments.GetValue(data)!);
            if (File.Exists(log))
            {
                throw CliException.Failed($"The state log {log} is there.", "Stop the controller and move it away first (with its -wal and -shm files); nothing is overwritten.");
            }

            Guard(() => SqliteStateLog.Backup(context.Arguments.GetValue(source)!, log));
            context.Out.Line($"{log} is restored from {context.Arguments.GetValue(source)}.");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    private static string LogFile(string? store, string data)
    {
        const string Sqlite = "sqlite:";
        store ??= $"{Sqlite}{Path.Combine(data, "state.db")}";
        return store.StartsWith(Sqlite, StringComparison.Ordinal)
            ? Path.GetFullPath(store[Sqlite.Length..])
            : throw CliException.Usage($"A store '{store}' has no file.", "--store sqlite:PATH, or --data DIR");
    }

    private static void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (StateLogException e)
        {
            throw CliException.Failed(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Failed(e.Message, "Run it as the user that the controller runs as, or give --data DIR.");
        }
    }

    private static Option<string?> Store() => new("--store") { Description = "The state log: sqlite:PATH or memory (else state.db in the data directory)", HelpName = "STORE" };

    private static Option<string> Data() => new("--data")
    {
        Description = "Directory of certificates and, by default, the state log",
        HelpName = "DIR",
        DefaultValueFactory = static _ => s_defaults.DataDirectory,
    };
}
