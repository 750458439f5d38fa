using System.Net;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Client;

namespace Hnv.Cli.Watching;

/// <summary>What every <c>--watch</c> has in common: it outlives the controller, and ends with 0 when it is interrupted.</summary>
internal static class Watcher
{
    /// <summary>Between two looks, and between two tries to go on.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Refuses what cannot be written line by line.</summary>
    public static void Check(OutputFormat format)
    {
        if (format == OutputFormat.Yaml)
        {
            throw CliException.Usage("--watch has no -o yaml.", "-o json shows a change a line.");
        }
    }

    /// <summary>Ctrl-C is how a watch ends.</summary>
    public static async Task<int> UntilStoppedAsync(Func<Task> watch, CancellationToken cancellationToken)
    {
        try
        {
            await watch();
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
    }

    /// <summary>Whether it may be right again later: no controller answers, or it has no answer of a host.</summary>
    public static bool IsPassing(HnvApiException e) => e.IsUnreachable || e.Status >= HttpStatusCode.InternalServerError;

    /// <summary>Looks again and again, and shows what differs. The first look must succeed.</summary>
    /// <param name="read">Rows, and as of which revision.</param>
    /// <param name="key">What a row stays the same row by.</param>
    /// <param name="table">Where it is shown.</param>
    public static Task<int> PollAsync<T>(
        CommandContext context, Func<CancellationToken, Task<(long? Revision, IReadOnlyList<T> Rows)>> read, Func<T, string> key, LiveTable<T> table, CancellationToken cancellationToken) =>
        UntilStoppedAsync(
            async () =>
            {
                var shown = new ShownRows<T>(key, static row => JsonSerializer.Serialize(row, HnvJson.Options), table);
                (long? revision, IReadOnlyList<T> rows) = await read(cancellationToken);
                shown.Begin(rows, revision);
                var loss = new LossNotice(context);
                while (true)
                {
                    await Task.Delay(Interval, context.Environment.Time, cancellationToken);
                    try
                    {
                        (revision, rows) = await read(cancellationToken);
                        shown.Replace(rows, revision);
                        loss.Over();
                    }
                    catch (HnvApiException e) when (IsPassing(e))
                    {
                        loss.Tell(e.Message);
                    }
                }
            },
            cancellationToken);
}

/// <summary>Tells once that nothing comes, until something came again.</summary>
internal sealed class LossNotice(CommandContext context)
{
    private bool _isTold;

    public void Tell(string why)
    {
        if (!_isTold)
        {
            context.Log.Line($"{why} Going on when it is back.");
            _isTold = true;
        }
    }

    public void Over() => _isTold = false;
}
