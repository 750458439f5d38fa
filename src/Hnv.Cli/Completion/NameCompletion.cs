using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Cli.Commands;
using Hnv.Cli.Kinds;
using Hnv.Lab;

namespace Hnv.Cli.Completion;

/// <summary>Names of what there is, asked of the controller while somebody waits at a prompt: quickly, or not at all.</summary>
internal static class NameCompletion
{
    /// <summary>Seconds that completion may take, where 0.7 are too few: the way to the controller is long, or the machine busy.</summary>
    private const string PatienceVariable = "HNV_COMPLETION_TIMEOUT";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(0.7);

    /// <summary>Options and arguments are made without knowing the environment of a run; this is it.</summary>
    private static readonly AsyncLocal<CliEnvironment?> s_environment = new();

    /// <summary>From here on completion asks whom this environment leads to. Without it nobody is asked: help reads the sources, too.</summary>
    public static void Use(CliEnvironment environment) => s_environment.Value = environment;

    /// <summary>Completed with the names of a kind: TENANT/NAME where the name alone is not enough, or a tenant is begun.</summary>
    public static Argument<T> WithNames<T>(this Argument<T> argument, string kind)
    {
        argument.CompletionSources.Add(context => IsOpen(context, argument) ? Names(context, KindTables.Find(kind)) : []);
        return argument;
    }

    /// <inheritdoc cref="WithNames{T}(Argument{T}, string)"/>
    public static Option<T> WithNames<T>(this Option<T> option, string kind)
    {
        option.CompletionSources.Add(context => Names(context, KindTables.Find(kind)));
        return option;
    }

    /// <summary>The same, of the kind that another argument says.</summary>
    /// <param name="viewsToo">Whether names of what follows from other objects count.</param>
    public static Argument<T> WithNamesOf<T>(this Argument<T> argument, Argument<string> kind, bool viewsToo = true)
    {
        argument.CompletionSources.Add(context =>
            IsOpen(context, argument) && context.ParseResult.GetValue(kind) is { } word && Api.Resources.ResourceKinds.TryFind(word, out Api.Resources.KindInfo found) && (viewsToo || !found.IsView)
                ? Names(context, KindTables.Of(found))
                : []);
        return argument;
    }

    /// <summary>Completed with machines of the running lab.</summary>
    public static Argument<T> WithMachines<T>(this Argument<T> argument, Func<NetworkLab, IEnumerable<string>> machines)
    {
        argument.CompletionSources.Add(context => !IsOpen(context, argument) ? [] : Ask(context, async (command, _) =>
        {
            await using NetworkLab lab = LabCommand.OpenRunning(command);
            return [.. machines(lab)];
        }));
        return argument;
    }

    /// <summary>Completed with these words.</summary>
    public static Argument<T> WithWords<T>(this Argument<T> argument, IEnumerable<string> words)
    {
        argument.CompletionSources.Add(context => IsOpen(context, argument) ? words.Select(static w => new CompletionItem(w)) : []);
        return argument;
    }

    /// <summary>Whether the word that is typed, or comes next, is this argument's: the parser asks for all of them.</summary>
    private static bool IsOpen(CompletionContext context, Argument argument)
    {
        ParseResult parsed = context.ParseResult;
        int Count(Argument a) => parsed.GetResult(a)?.Tokens.Count ?? 0;
        return context.WordToComplete.Length > 0
            ? Count(argument) > 0 && ReferenceEquals(parsed.GetResult(argument)!.Tokens[^1], parsed.Tokens[^1])
            : argument == parsed.CommandResult.Command.Arguments.FirstOrDefault(a => Count(a) < a.Arity.MaximumNumberOfValues);
    }

    private static IEnumerable<CompletionItem> Names(CompletionContext context, KindTable table) => Ask(context, async (command, token) =>
    {
        bool scoped = table.Kind is { IsTenantScoped: true, Resource: not null };
        bool whole = scoped && context.WordToComplete.Contains('/', StringComparison.Ordinal);
        (_, IReadOnlyList<JsonElement> rows) = await ObjectFinder.ListAsync(command, table, whole ? null : command.Tenant, token);
        return
        [
            .. rows.GroupBy(r => table.Key(r) ?? string.Empty, StringComparer.Ordinal)
                .SelectMany(same => scoped && (whole || same.Count() > 1) ? same.Select(table.Columns.NameOf) : [same.Key]).Distinct(StringComparer.Ordinal),
        ];
    });

    private static IEnumerable<CompletionItem> Ask(CompletionContext context, Func<CommandContext, CancellationToken, Task<string[]>> names)
    {
        if (s_environment.Value is not { } environment)
        {
            return [];
        }

        using var limit = new CancellationTokenSource(
            double.TryParse(environment.Variable(PatienceVariable), CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 60
                ? TimeSpan.FromSeconds(seconds)
                : s_patience,
            environment.Time);

        // Without the word that is typed, and the option that waits for it.
        string[] words = [.. context.ParseResult.Tokens.Select(static t => t.Value)];
        words = context.WordToComplete.Length > 0 ? words[..^1] : words;
        words = words is [.., ['-', '-', ..]] ? words[..^1] : words;
        using var command = new CommandContext(environment, context.ParseResult.RootCommandResult.Command.Parse(words));
        try
        {
            // The parser's completions are synchronous.
            return [.. Task.Run(() => names(command, limit.Token), limit.Token).GetAwaiter().GetResult().Select(static n => new CompletionItem(n))];
        }
        catch (Exception e) when (e is HnvApiException or CliException or LabException or IOException or OperationCanceledException)
        {
            // Whoever presses Tab is not told why there is nothing: running the command tells.
            return [];
        }
    }
}
