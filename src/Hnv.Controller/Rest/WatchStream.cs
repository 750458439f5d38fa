using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary><c>?watch=true&amp;revision=N</c>: changes after N as JSON lines, bookmarks as signs of life.</summary>
internal sealed class WatchStream(ModelStore store, ResourceDocuments documents, ControllerOptions options, IHostApplicationLifetime lifetime)
{
    public IResult Open(HttpContext context, ResourceKind kind, string? tenant)
    {
        string text = context.Request.Query["revision"].ToString();
        if (!long.TryParse(text, out long revision) || revision < 0)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, "A watch begins at a revision: list first, then watch with revision=N of the list.");
        }

        // One that is yet to come is of a log that a backup has replaced since, or of a controller that is ahead: what comes until
        // then would be passed over.
        if (revision > store.State.Revision || store.ChangesAfter(revision) is null)
        {
            throw Gone(revision);
        }

        return Results.Stream(output => RunAsync(context, output, kind, tenant, revision), PolicyProtocol.ContentType);
    }

    private static ProblemException Gone(long revision) =>
        new(StatusCodes.Status410Gone, $"Changes after revision {revision} are not all known any more: list again, and watch from the list's revision.");

    private async Task RunAsync(HttpContext context, System.IO.Stream output, ResourceKind kind, string? tenant, long revision)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await WriteAsync(output, kind, tenant, revision, stop.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Who watches takes nothing any more, and would keep the state it is told of in memory for as long as it likes.
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // Who watched left, or the controller stops.
        }
    }

    private async Task WriteAsync(System.IO.Stream output, ResourceKind kind, string? tenant, long revision, CancellationToken stop)
    {
        await output.FlushAsync(stop);
        while (!stop.IsCancellationRequested)
        {
            Task next = store.Changed;
            CloudState state = store.State;

            // Null: this client is slower than the history is long. The stream ends; its next watch gets a 410.
            if (store.ChangesAfter(revision) is not { } changes)
            {
                return;
            }

            bool wrote = false;
            foreach ((long at, var transitions) in changes)
            {
                foreach (ResourceTransition change in transitions)
                {
                    if (change.Id.Kind == kind && (tenant is null || change.Id.Tenant == tenant))
                    {
                        await WriteAsync(output, ToEvent(state, change, at), stop);
                        wrote = true;
                    }
                }
            }

            revision = Math.Max(revision, Math.Max(state.Revision, changes.Count > 0 ? changes[^1].Revision : 0));
            await WriteAsync(output, new WatchEvent(WatchEventType.Bookmark, revision), stop);
            if (!wrote || ReferenceEquals(store.State, state))
            {
                await Task.WhenAny(next, Task.Delay(options.SignOfLife, options.Time, stop));
            }
        }
    }

    private WatchEvent ToEvent(CloudState state, ResourceTransition change, long revision) => change.After is { } after
        ? new WatchEvent(WatchEventType.Put, revision, documents.ToElement(state, after))
        : new WatchEvent(WatchEventType.Delete, revision, documents.ToElement(state, change.Before!));

    private async Task WriteAsync(System.IO.Stream output, WatchEvent line, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StreamPatience, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await output.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, HnvJson.Options), (byte)'\n'], both.Token);
        await output.FlushAsync(both.Token);
    }
}
