using System.Net;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Client;
using Hnv.Cli.Output;

namespace Hnv.Cli.Watching;

/// <summary>What every <c>--watch</c> has in common: it shows line by line, outlives the controller, and ends with 0 when it is interrupted or nobody reads it any more.</summary>
internal sealed class Watcher
{
    private readonly CommandContext _context;
    private bool _hasBegun;
    private bool _isLossTold;

    private Watcher(CommandContext context) => _context = context;

    /// <summary>Between two rounds.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Goes round and round until Ctrl-C, or the reader is gone (<c>| head</c>), also where nothing is to be written. A round that fails in passing is told,
    /// once something came; before it ends the watch.
    /// </summary>
    /// <param name="round">Looks once, or follows a stream to its end.</param>
    public static async Task<int> RunAsync(CommandContext context, OutputFormat format, Func<Watcher, CancellationToken, Task> round, CancellationToken cancellationToken)
    {
        if (format == OutputFormat.Yaml)
        {
            throw CliException.Usage("--watch has no -o yaml.", "-o json shows a change a line.");
        }

        context.Log.Interleave();
        var watcher = new Watcher(context);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using ITimer look = context.Environment.Time.CreateTimer(
            _ =>
            {
                if (context.Environment.IsOutputGone())
                {
                    reading.Cancel();
                }
            },
            null, Interval, Interval);
        try
        {
            while (true)
            {
                try
                {
                    await round(watcher, reading.Token);
                }
                catch (HnvApiException e) when (watcher._hasBegun && IsPassing(e))
                {
                    watcher.Lost(e.Message);
                }

                await Task.Delay(Interval, context.Environment.Time, reading.Token);
            }
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
    }

    /// <summary>Looks again and again, and shows what differs.</summary>
    /// <param name="whenEmpty">What is said where there is nothing at first.</param>
    /// <param name="key">What a row stays the same row by.</param>
    /// <param name="read">Rows, and as of which revision.</param>
    public static Task<int> PollAsync<T>(
        CommandContext context, OutputFormat format, TableColumns<T> columns, string whenEmpty, Func<T, string> key,
        Func<CancellationToken, Task<(long? Revision, IReadOnlyList<T> Rows)>> read, CancellationToken cancellationToken)
    {
        var shown = new ShownRows<T>(key, static row => JsonSerializer.Serialize(row, HnvJson.Options), new LiveTable<T>(context, columns, format, whenEmpty));
        return RunAsync(
            context,
            format,
            async (watcher, token) =>
            {
                (long? revision, IReadOnlyList<T> rows) = await read(token);
                shown.Replace(rows, revision);
                watcher.Came();
            },
            cancellationToken);
    }

    /// <summary>Looks again and again at what has no revision: a host's kernel, a lab.</summary>
    public static Task<int> PollAsync<T>(
        CommandContext context, OutputFormat format, TableColumns<T> columns, string whenEmpty, Func<T, string> key,
        Func<CancellationToken, Task<IReadOnlyList<T>>> read, CancellationToken cancellationToken) =>
        PollAsync(context, format, columns, whenEmpty, key, async token => ((long?)null, await read(token)), cancellationToken);

    /// <summary>Something was there: what fails from now on is waited for. It says nothing about a loss that was told.</summary>
    public void Began() => _hasBegun = true;

    /// <summary>Something came: what fails from now on may be right again later, and is told anew.</summary>
    public void Came()
    {
        _hasBegun = true;
        _isLossTold = false;
    }

    /// <summary>Nothing comes; told once, until something came again.</summary>
    public void Lost(string why)
    {
        if (!_isLossTold)
        {
            _context.Log.Line($"{why} Going on when it is back.");
            _isLossTold = true;
        }
    }

    /// <summary>No controller answers, or it has no answer of a host.</summary>
    private static bool IsPassing(HnvApiException e) => e.IsUnreachable || e.Status >= HttpStatusCode.InternalServerError;
}
