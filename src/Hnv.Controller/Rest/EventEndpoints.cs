using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Identity;
using Hnv.Controller.Learning;

namespace Hnv.Controller.Rest;

/// <summary>What happened to learned addresses.</summary>
internal static class EventEndpoints
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(20);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet($"{RestPaths.Root}/{ResourceKinds.Event.Collection}", Get)
            .For(Access.ScopedToTenant, "Events of learned addresses, oldest first. watch=true&revision=N: those after number N, then those to come.")
            .Produces<ResourceList<RecordEvent>>();
        app.MapGet($"{RestPaths.Root}/tenants/{{tenant}}/{ResourceKinds.Event.Collection}", Get)
            .For(Access.OfTenant, "Events of one tenant's learned addresses; their numbers count those of this tenant.")
            .Produces<ResourceList<RecordEvent>>();
    }

    private static IResult Get(
        HttpContext context, RecordEvents events, ControllerOptions options, IHostApplicationLifetime lifetime, bool watch = false, long revision = 0)
    {
        string? tenant = context.Request.RouteValues.GetValueOrDefault("tenant") as string ?? AccessControl.ScopeOf(context.Principal());
        if (watch)
        {
            return Results.Stream(output => WatchAsync(context, output, events, tenant, revision, options, lifetime), PolicyProtocol.ContentType);
        }

        (long upto, IReadOnlyList<RecordEvent> found) = events.After(revision, tenant);
        return Answer.Json(new ResourceList<RecordEvent>(upto, [.. found]));
    }

    private static async Task WatchAsync(
        HttpContext context, System.IO.Stream output, RecordEvents events, string? tenant, long after, ControllerOptions options, IHostApplicationLifetime lifetime)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            // A number yet to come is of a controller whose clock was ahead: what it would pass over is new.
            after = after > events.Last(tenant) ? 0 : after;
            long sign = 0;
            while (!stop.IsCancellationRequested)
            {
                Task next = events.Changed;
                (long upto, IReadOnlyList<RecordEvent> found) = events.After(after, tenant);
                foreach (RecordEvent e in found)
                {
                    await WriteAsync(output, new WatchEvent(WatchEventType.Put, e.Number, JsonSerializer.SerializeToElement(e, HnvJson.Options)), options, stop.Token);
                }

                after = upto;
                if (found.Count == 0 && (sign == 0 || options.Time.GetElapsedTime(sign) >= options.SignOfLife))
                {
                    await WriteAsync(output, new WatchEvent(WatchEventType.Bookmark, upto), options, stop.Token);
                    sign = options.Time.GetTimestamp();
                }

                await Task.WhenAny(next, Task.Delay(options.SignOfLife, options.Time, stop.Token));

                // Events come in bursts, and other tenants' wake this one too.
                await Task.Delay(s_pace, options.Time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Who watches takes nothing any more.
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private static async Task WriteAsync(System.IO.Stream output, WatchEvent line, ControllerOptions options, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StreamPatience, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await output.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, HnvJson.Options), (byte)'\n'], both.Token);
        await output.FlushAsync(both.Token);
    }
}
