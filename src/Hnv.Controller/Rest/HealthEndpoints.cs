using Hnv.Controller.Identity;
using Hnv.Controller.Metrics;
using Hnv.Controller.Store;

namespace Hnv.Controller.Rest;

/// <summary>For machines that watch over the controller.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", static () => Results.Text("ok\n")).For(Access.Public, "The process answers.").Produces<string>(StatusCodes.Status200OK, "text/plain");
        app.MapGet("/readyz", static (ModelStore store) => store.IsFollowing
                ? Results.Text($"ready at revision {store.State.Revision}\n")
                : throw new ProblemException(StatusCodes.Status503ServiceUnavailable, "The state log is not followed; the controller's log says why."))
            .For(Access.Public, "The state is read and followed.").Produces<string>(StatusCodes.Status200OK, "text/plain").Problems(StatusCodes.Status503ServiceUnavailable);
        app.MapGet("/metrics", static (PrometheusText text) => Results.Text(text.Render(), "text/plain; version=0.0.4"))
            .For(Access.Admin, "Measurements in the Prometheus text format.").Produces<string>(StatusCodes.Status200OK, "text/plain");
    }
}
