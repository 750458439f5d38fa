using System.Collections.Immutable;
using System.CommandLine;
using Hnv.Bench;
using Hnv.Bench.Measuring;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv bench [NAME…]</c>: the paired benchmarks.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandRunner runner)
    {
        var names = new Argument<string[]>("NAME") { Description = "Which ones; all when none is named", Arity = ArgumentArity.ZeroOrMore };
        names.CompletionSources.Add(_ => BenchCatalog.Entries.Select(entry => new System.CommandLine.Completions.CompletionItem(entry.Name)));
        var list = new Option<bool>("--list") { Description = "Say what there is, and measure nothing" };
        var seconds = new Option<int?>("--seconds") { Description = "Length of one measurement; 3 when not said, 1 with --forms" };
        var rounds = new Option<int>("--rounds") { Description = "How often each variant is measured, in turns", DefaultValueFactory = _ => new BenchOptions().Rounds };
        var quick = new Option<bool>("--quick") { Description = "One short round, to see that everything works; says nothing about speed and writes no file" };
        var forms = new Option<bool>("--forms") { Description = "NVGRE and VXLAN over IPv4 and IPv6, each beside what is compared over the same family" };
        var results = new Option<string>("--results") { Description = "Folder for the results as JSON, a file for each", HelpName = "FOLDER", DefaultValueFactory = _ => "bench/results" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        Command command = new Command("bench", "Measures against the bare underlay, kernel VXLAN with a bridge, and minimal programs").With(names, list, seconds, rounds, quick, forms, results, output)
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                bool json = a.GetValue(output) is OutputFormat.Json or OutputFormat.Yaml;
                if (a.GetValue(list))
                {
                    context.Out.List([.. BenchCatalog.Entries], a.GetValue(output), s_columns, string.Empty);
                    return ExitCodes.Done;
                }

                Check(a.GetValue(seconds) ?? 1, "--seconds");
                Check(a.GetValue(rounds), "--rounds");
                LabCommand.RequireRoot();
                var options = new BenchOptions
                {
                    Names = [.. a.GetValue(names) ?? []],
                    Seconds = a.GetValue(seconds),
                    Rounds = a.GetValue(rounds),
                    Quick = a.GetValue(quick),
                    Forms = a.GetValue(forms),
                    ResultsDirectory = a.GetValue(results),
                };
                try
                {
                    IReadOnlyList<BenchResult> measured = await BenchRunner.RunAsync(options, json ? null : context.Out.Console, context.Log.Line, token);
                    if (json)
                    {
                        context.Out.Json(measured);
                    }

                    return ExitCodes.Done;
                }
                catch (BenchException e)
                {
                    throw CliException.Failed(e.Message, "'hnv bench --list' says what there is.");
                }
            });
        command.Subcommands.Add(BenchReceiversCommand.Create(runner));
        return command;
    }

    private static readonly TableColumns<BenchEntry> s_columns = new TableColumn<BenchEntry>[] { new("NAME", entry => entry.Name), new("WHAT", entry => entry.Title) };

    private static void Check(int value, string option)
    {
        if (value < 1)
        {
            throw CliException.Usage($"{option}: {value} is not a positive number.");
        }
    }
}
