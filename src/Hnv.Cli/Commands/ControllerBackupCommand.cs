using System.CommandLine;
using System.Globalization;
using Hnv.Cli.Input;
using Hnv.Controller;
using Hnv.Controller.Backup;
using Hnv.Linux;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv controller backup FILE|-</c> and <c>hnv controller restore FILE|-</c></summary>
internal static class ControllerBackupCommand
{
    public static Command CreateBackup(CommandRunner runner)
    {
        var target = new Argument<string>("FILE") { Description = "A new file, or - for standard output" };
        var places = new PlacesOptions();
        return new Command("backup", "Writes the state log, certificates and configuration as of one moment; the controller may go on meanwhile")
            .With(target, places.Store, places.Data, places.Configuration)
            .Does(runner, async (context, token) =>
            {
                ControllerPlaces from = places.Of(context);
                string file = context.Arguments.GetValue(target)!;
                string what = $"Copying {from.LogFile}";
                if (file == "-")
                {
                    await using Stream output = context.Environment.OutputBytes();
                    long sent = await context.Log.DuringAsync(
                        what, () => Guarded(() => ControllerBackup.WriteAsync(from, output, Path.GetTempPath(), context.Environment.Time, token)));
                    context.Log.Line($"{from.LogFile} was written at revision {sent}. Keep it safe: it holds the authority's key.");
                    return ExitCodes.Done;
                }

                long revision = await context.Log.DuringAsync(
                    what, () => Guarded(() => ControllerBackup.WriteFileAsync(from, file, context.Environment.Time, token)));
                context.Out.Line($"{file} holds {from.LogFile} at revision {revision}. Keep it safe: it holds the authority's key.");
                return ExitCodes.Done;
            });
    }

    public static Command CreateRestore(CommandRunner runner)
    {
        var source = new Argument<string>("FILE") { Description = "What 'hnv controller backup' wrote, or - for standard input" };
        var force = new Option<bool>("--force") { Description = "Set aside the state that is there, under another name, instead of refusing" };
        var places = new PlacesOptions();
        return new Command("restore", "Puts a backup in the place of a state that is gone; the controller must not run")
            .With(source, force, places.Store, places.Data, places.Configuration)
            .Does(runner, async (context, token) =>
            {
                ControllerPlaces to = places.Of(context);
                string file = context.Arguments.GetValue(source)!;
                await using Stream input = Open(context, file);
                RestoreResult result = await context.Log.DuringAsync($"Restoring {to.LogFile}", () => Guarded(() => ControllerRestore.RunAsync(
                    to, input, file == "-" ? "(standard input)" : file, context.Arguments.GetValue(force), context.Environment.Time, token)));
                ControllerCommand.GiveToService(to.DataDirectory, to.LogFile);
                foreach (string path in result.SetAside)
                {
                    context.Log.Line($"What was there is {path} now.");
                }

                foreach (string remark in result.Remarks)
                {
                    context.Log.Line(remark);
                }

                context.Out.Line(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{to.LogFile} is restored as of {result.Created:yyyy-MM-dd HH:mm:ss}Z, revision {result.BackupRevision}; it goes on at revision {result.Revision}."));
                context.Log.Line("Start the controller; hosts reconnect by themselves. What was applied after the backup has to be applied again.");
                return ExitCodes.Done;
            });
    }

    private static Stream Open(CommandContext context, string file) => file == "-"
        ? context.Environment.InputBytes()
        : InputFile.Open(file, "A file that 'hnv controller backup' wrote, or - for standard input.", exitCode: ExitCodes.Failed);

    private static async Task<T> Guarded<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (BackupException e)
        {
            throw CliException.Failed(e.Message);
        }
        catch (DirectoryNotFoundException e)
        {
            throw CliException.Failed(e.Message, "Make the directory first, or name another place.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Failed(e.Message, "Run it as root, or as the user that the controller runs as.");
        }
    }
}
