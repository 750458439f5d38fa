using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Cli.Kinds;
using Hnv.Model.Resources;

namespace Hnv.Cli.Watching;

/// <summary>
/// Follows the objects of a kind that is written: the API's stream tells every change of them, and where they have a status, which is in no
/// log, they are looked at besides. After a loss only what differs from what was shown is shown.
/// </summary>
/// <param name="isWanted">Which objects count.</param>
internal sealed class ResourceWatch(
    CommandContext context, KindTable table, ResourceKind kind, string? tenant, Func<JsonElement, bool> isWanted, OutputFormat format, string whenEmpty)
{
    private readonly ShownRows<JsonElement> _shown = new(Name, static e => Comparable(e), new LiveTable<JsonElement>(context, table.Columns, format, whenEmpty));
    private readonly Lock _gate = new();
    private long _revision;

    public Task<int> RunAsync(CancellationToken cancellationToken) => Watcher.RunAsync(context, format, FollowAsync, cancellationToken);

    /// <summary>Without what is another every time: the age of a host's last word.</summary>
    internal static string Comparable(JsonElement resource) => JsonSerializer.Serialize(resource.EnumerateObject().Select(static p => p is { Name: "status", Value.ValueKind: JsonValueKind.Object }
        ? string.Join(',', p.Value.EnumerateObject().Where(static s => s.Name is not ("ageSeconds" or "lastSeen")).Select(static s => s.ToString()))
        : p.ToString()));

    private static string Name(JsonElement resource) => $"{resource.Text("tenant")}/{resource.Text("name")}";

    private async Task FollowAsync(Watcher watcher, CancellationToken cancellationToken)
    {
        _shown.Replace(await ListAsync(cancellationToken), _revision);
        watcher.Began();
        long since = context.Environment.Time.GetTimestamp();
        try
        {
            using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task stream = StreamAsync(watcher, round.Token), looks = LookAsync(round.Token);
            Task ended = await Task.WhenAny(stream, looks);
            await round.CancelAsync();
            await Task.WhenAll(stream, looks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            CameIfItLasted();
            await ended;
            watcher.Lost("The controller ended the watch: it is stopping.");
        }
        catch (HnvApiException e) when (e.Status == HttpStatusCode.Gone)
        {
            context.Log.Line("The controller no longer knows this revision; listing again.");
        }

        // A proxy may let lists through and end every stream at once: that is one loss, not one a second.
        void CameIfItLasted()
        {
            if (context.Environment.Time.GetElapsedTime(since) > Watcher.Interval)
            {
                watcher.Came();
            }
        }
    }

    private async Task<JsonElement[]> ListAsync(CancellationToken cancellationToken)
    {
        (_revision, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, tenant, cancellationToken);
        return [.. items.Where(isWanted)];
    }

    private async Task StreamAsync(Watcher watcher, CancellationToken cancellationToken)
    {
        await foreach (WatchEvent change in context.Client.WatchAsync(kind, _revision, tenant, cancellationToken))
        {
            watcher.Came();
            lock (_gate)
            {
                _revision = Math.Max(_revision, change.Revision);
                if (change.Object is not { } resource || !isWanted(resource) || IsOlder(resource, change))
                {
                    continue;
                }

                if (change.Type == WatchEventType.Put)
                {
                    _shown.Put(resource, change.Revision);
                }
                else
                {
                    _shown.Delete(Name(resource), change.Revision);
                }
            }
        }
    }

    /// <summary>A look was faster than the stream.</summary>
    private bool IsOlder(JsonElement resource, WatchEvent change) => _shown.TryGet(Name(resource), out JsonElement known) && Revision(known) > change.Revision;

    private static long Revision(JsonElement resource) => resource.At("revision")?.GetInt64() ?? 0;

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (kind is not (ResourceKind.Host or ResourceKind.Port))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        while (true)
        {
            await Task.Delay(Watcher.Interval, context.Environment.Time, cancellationToken);
            (long revision, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, tenant, cancellationToken);
            lock (_gate)
            {
                // The stream may have overtaken it.
                if (revision >= _revision)
                {
                    _shown.Replace([.. items.Where(isWanted)], revision);
                }
            }
        }
    }
}
