using System.Text.Json;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>
/// The steps of a live migration, for those who drive one: what PUT does with <c>migratingTo</c>, without having to know the rest of the
/// port. Each is idempotent.
/// </summary>
internal static class MigrationEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        string port = $"{RestPaths.Root}/tenants/{{tenant}}/ports/{{name}}";
        app.MapPost($"{port}/migrate", async (HttpContext context, string tenant, string name, ResourceService resources, ResourceDocuments documents) =>
            {
                MigrationRequest request = await RequestJson.ReadAsync<MigrationRequest>(context);
                if (request.Host is null)
                {
                    throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "host is missing: name the host that the port moves to.");
                }

                return await ChangeAsync(context, tenant, name, resources, documents, p =>
                    p.MigratingTo is null && p.Host == request.Host ? p : p with { MigratingTo = new MigrationTarget(request.Host, request.Interface) });
            })
            .For(Access.OfTenant, "Prepares another host for the port: it is bound there too, and becomes active with its VM's first frame.")
            .Accepts<MigrationRequest>("application/json")
            .Produces<JsonElement>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);

        app.MapPost($"{port}/activate", (HttpContext context, string tenant, string name, ResourceService resources, ResourceDocuments documents) =>
                ChangeAsync(context, tenant, name, resources, documents, static p => p.Migrated()))
            .For(Access.OfTenant, "Completes the port's move on command: it is on the prepared host, and there alone.")
            .Produces<JsonElement>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);

        app.MapPost($"{port}/cancel", (HttpContext context, string tenant, string name, ResourceService resources, ResourceDocuments documents) =>
                ChangeAsync(context, tenant, name, resources, documents, static p => p with { MigratingTo = null }))
            .For(Access.OfTenant, "Cancels the port's move: it stays where it is.")
            .Produces<JsonElement>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> ChangeAsync(
        HttpContext context, string tenant, string name, ResourceService resources, ResourceDocuments documents, Func<Port, Port> change)
    {
        (CloudState state, StoredResource stored) = await resources.ChangeAsync(
            context.Principal(), new ResourceId(ResourceKind.Port, tenant, name), change, context.RequestAborted);
        context.Response.Headers.ETag = $"\"{stored.Revision}\"";
        return Answer.Json(documents.ToElement(state, stored));
    }
}
