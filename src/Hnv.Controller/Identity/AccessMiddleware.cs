using Hnv.Controller.Rest;

namespace Hnv.Controller.Identity;

/// <summary>Runs on every request, after routing: finds the principal and asks <see cref="AccessControl"/>.</summary>
internal static class AccessMiddleware
{
    private static readonly object s_principal = new();

    public static Principal Principal(this HttpContext context) => (Principal)context.Items[s_principal]!;

    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Principal principal = Authentication.PrincipalOf(context);
        context.Items[s_principal] = principal;
        if (context.GetEndpoint() is not { } endpoint)
        {
            throw new ProblemException(StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path}; /openapi/v1.json lists what there is.");
        }

        // Routing's own refusals (405, 415) are endpoints without a route; they do nothing but refuse.
        if (endpoint is not RouteEndpoint)
        {
            await next(context);
            return;
        }

        Access? access = endpoint.Metadata.GetMetadata<AccessMetadata>()?.Access;
        switch (AccessControl.Decide(principal, access, Route(context, "tenant"), Route(context, "host"), HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
        {
            case AccessDecision.Allowed:
                await next(context);
                break;
            case AccessDecision.Unauthenticated:
                throw new ProblemException(
                    StatusCodes.Status401Unauthorized,
                    PeerCredentials.Of(context) is { } peer
                        ? $"User {peer.UserId} is nobody here: root and the controller's own user may do everything, members of its readers' group may read."
                        : "This needs an identity: a client certificate of this cloud.");
            default:
                throw new ProblemException(StatusCodes.Status403Forbidden, $"{principal} may not {context.Request.Method} {context.Request.Path}.");
        }
    }

    private static string? Route(HttpContext context, string name) => context.Request.RouteValues.GetValueOrDefault(name) as string;
}
