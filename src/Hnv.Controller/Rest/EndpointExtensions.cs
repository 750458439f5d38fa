using Hnv.Api.Rest;
using Hnv.Controller.Identity;

namespace Hnv.Controller.Rest;

/// <summary>How endpoints are declared here: none without a rule and a sentence.</summary>
internal static class EndpointExtensions
{
    public static RouteHandlerBuilder For(this RouteHandlerBuilder endpoint, Access access, string summary) => endpoint
        .WithMetadata(new AccessMetadata(access))
        .WithSummary(summary)
        .Produces<HnvProblem>(StatusCodes.Status400BadRequest, HnvProblem.ContentType)
        .Produces<HnvProblem>(StatusCodes.Status401Unauthorized, HnvProblem.ContentType)
        .Produces<HnvProblem>(StatusCodes.Status403Forbidden, HnvProblem.ContentType);

    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in statuses)
        {
            endpoint.Produces<HnvProblem>(status, HnvProblem.ContentType);
        }

        return endpoint;
    }
}
