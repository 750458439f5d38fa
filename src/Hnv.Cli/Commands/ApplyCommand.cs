using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Hnv.Api.Manifests;
using Hnv.Api.Rest;
using Hnv.Cli.Input;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv apply -f FILE|- [--dry-run] [--wait [SECONDS]] [--prune --set NAME]</c> and <c>hnv diff -f FILE</c></summary>
internal static class ApplyCommand
{
    private const int DefaultWait = 60;
    private const int MaxWaitPerCall = 60;

    /// <summary>Seconds after which the hosts that are shown to be waited for are asked for anew.</summary>
    private const int ShownWait = 2;

    public static Command Create(CommandRunner runner)
    {
        Option<string[]> files = Arguments.Files(required: true);
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would happen, and do nothing" };
        var wait = new Option<int?>("--wait")
        {
            Description = $"Wait until every host concerned has realised it ({DefaultWait} seconds unless said otherwise); exit 1 when not",
            HelpName = "SECONDS",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = static result => result.Tokens.Count == 0
                ? DefaultWait
                : int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : Refuse(result),
        };
        Option<string?> set = Set();
        Option<bool> prune = Prune();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("apply", "Makes it so: creates and changes what the manifests say").With(files, dryRun, wait, prune, set, output).WithTenant()
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                ApplyResponse response = await SendAsync(context, a.GetValue(files)!, a.GetValue(dryRun), a.GetValue(set), a.GetValue(prune), token);
                Show(context, response, a.GetValue(output));
                int? seconds = a.GetResult(wait) is { } given ? given.GetValueOrDefault<int?>() ?? DefaultWait : null;
                return seconds is { } limit && !response.DryRun ? await WaitAsync(context, response.Revision, limit, token) : ExitCodes.Done;
            });
    }

    public static Command CreateDiff(CommandRunner runner)
    {
        Option<string[]> files = Arguments.Files(required: true);
        Option<string?> set = Set();
        Option<bool> prune = Prune();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("diff", "Says what apply would change; exit 1 when something would").With(files, prune, set, output).WithTenant()
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                ApplyResponse response = await SendAsync(context, a.GetValue(files)!, true, a.GetValue(set), a.GetValue(prune), token);
                Show(context, response, a.GetValue(output));
                return response.Results.All(r => r.Action == ApplyAction.Unchanged) ? ExitCodes.Done : ExitCodes.Failed;
            });
    }

    /// <summary>Writes what happened to each object, and the sum.</summary>
    public static void Show(CommandContext context, ApplyResponse response, OutputFormat format)
    {
        if (format is not (OutputFormat.Table or OutputFormat.Wide))
        {
            context.Out.One(response, format, response.Results.Select(Name), static () => { });
            return;
        }

        foreach (ApplyResult result in response.Results)
        {
            string action = result.Action.ToString().ToLowerInvariant();
            context.Out.Styled(Styles.State(action) ?? "dim", $"{action,-9}", $" {Name(result)}");
            foreach (FieldChange change in result.Changes ?? [])
            {
                context.Out.Markup($"          {change.Field.TrimStart('/')}: [red]{change.Old?.ToString() ?? "(absent)"}[/] → [green]{change.New?.ToString() ?? "(absent)"}[/]");
            }
        }

        string Sum(ApplyAction action, int count) =>
            $"{count} {(response.DryRun && action != ApplyAction.Unchanged ? "to be " : string.Empty)}{action.ToString().ToLowerInvariant()}";
        IEnumerable<string> sums = response.Results.CountBy(r => r.Action).OrderBy(g => g.Key).Select(g => Sum(g.Key, g.Value));
        context.Log.Line($"{(response.Results.IsEmpty ? "nothing to change" : string.Join(", ", sums))}{(response.DryRun ? " (dry run)" : $"; revision {response.Revision}")}");
    }

    private static string Name(ApplyResult result) => $"{result.Kind} {(result.Tenant is null ? string.Empty : result.Tenant + "/")}{result.Name}";

    private static async Task<ApplyResponse> SendAsync(
        CommandContext context, string[] files, bool dryRun, string? set, bool prune, CancellationToken cancellationToken)
    {
        if (prune && set is null)
        {
            throw CliException.Usage("--prune needs --set NAME.", "It removes only what the same set applied before and no longer holds.");
        }

        ImmutableArray<ManifestDocument> documents = ManifestFiles.Read(context, files);
        if (documents.IsEmpty && !prune)
        {
            throw CliException.Usage("There is no document in it.", "A manifest begins with 'kind:' and 'name:'.", string.Join(", ", files));
        }

        Task<ApplyResponse> ApplyAsync(bool dry) => ManifestFiles.SendAsync(
            documents, () => context.Client.ApplyAsync(documents.Select(d => Tenants.Fill(d, context.Tenant)), dry, set, prune, prune ? context.Tenant : null, cancellationToken));
        using IDisposable? work = context.Log.Begin(() => $"{(dryRun ? "Checking" : "Applying")} {documents.Length} documents");
        if (prune && !dryRun)
        {
            // What goes is said before it goes.
            foreach (ApplyResult gone in (await ApplyAsync(dry: true)).Results.Where(static r => r.Action == ApplyAction.Deleted))
            {
                context.Log.Line($"No longer in set {set}: {Name(gone)}");
            }
        }

        return await ApplyAsync(dryRun);
    }

    private static async Task<int> WaitAsync(CommandContext context, long revision, int seconds, CancellationToken cancellationToken)
    {
        string pending = $"Waiting for hosts to realise revision {revision}";
        using IDisposable? work = context.Log.Begin(() => pending);
        int longest = context.Log.IsLive ? ShownWait : MaxWaitPerCall;
        DateTimeOffset end = context.Environment.Time.GetUtcNow().AddSeconds(seconds);
        while (true)
        {
            double left = Math.Clamp((end - context.Environment.Time.GetUtcNow()).TotalSeconds, 0, longest);
            ConvergenceAnswer answer = await context.Client.ConvergenceAsync(revision, TimeSpan.FromSeconds(Math.Floor(left)), cancellationToken);
            pending = $"Waiting for {answer.Pending.Length} of {answer.Hosts} hosts to realise revision {revision}: {string.Join(", ", answer.Pending.Select(static p => p.Host))}";
            if (answer.Converged)
            {
                context.Log.Line($"{answer.Hosts} hosts have realised revision {revision}");
                return ExitCodes.Done;
            }

            if (left < 1)
            {
                if (answer.Pending.IsEmpty)
                {
                    throw CliException.Failed($"The controller itself has not read revision {revision} yet.");
                }

                throw new CliException(ExitCodes.Failed,
                [
                    .. answer.Pending.Select(p => new CliError(
                        (p.RealisedRevision >= p.NeededRevision && !p.Withheld.IsEmpty
                            ? $"{p.Host} has realised revision {p.NeededRevision} but for what its agent is too old for; "
                            : $"{p.Host} has realised revision {p.RealisedRevision}, not {p.NeededRevision}; ")
                        + (p.AgeSeconds is { } age ? $"its last word is {Ages.Of(TimeSpan.FromSeconds(age))} old" : "nothing was heard of it")
                        + (p.Connected ? string.Empty : ", it is not connected") + string.Concat((p.Problems.IsEmpty ? p.Withheld : p.Problems).Select(x => "; " + x)))),
                ]);
            }
        }
    }

    private static Option<string?> Set() => new("--set") { Description = "Name of the set that these manifests are; for --prune", HelpName = "NAME" };

    private static Option<bool> Prune() => new("--prune") { Description = "Remove what the same --set applied before and does not hold any more" };

    private static int? Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"--wait: '{result.Tokens[0].Value}' is not a number of seconds.");
        return null;
    }
}
