using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>Lists, objects and watches of every kind that is written.</summary>
internal static class ResourceEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        foreach (ResourceKind kind in Enum.GetValues<ResourceKind>())
        {
            KindInfo info = ResourceKinds.Of(kind);
            string all = $"{RestPaths.Root}/{info.Collection}";
            MapList(app, kind, all, info.IsTenantScoped ? Access.ScopedToTenant : Access.Admin);
            if (info.IsTenantScoped)
            {
                string ofTenant = $"{RestPaths.Root}/tenants/{{tenant}}/{info.Collection}";
                MapList(app, kind, ofTenant, Access.OfTenant);
                MapOne(app, kind, $"{ofTenant}/{{name}}", Access.OfTenant, Access.OfTenant);
            }
            else
            {
                // The parameter's name is what rules of access look at.
                string name = kind switch { ResourceKind.Tenant => "tenant", ResourceKind.Host => "host", _ => "name" };
                MapOne(app, kind, $"{all}/{{{name}}}", kind == ResourceKind.Tenant ? Access.OfTenant : Access.Admin, Access.Admin);
            }
        }
    }

    private static void MapList(IEndpointRouteBuilder app, ResourceKind kind, string pattern, Access access) => app
        .MapGet(pattern, (HttpContext context, ModelStore store, ResourceDocuments documents, WatchStream watch) =>
        {
            string? tenant = context.Request.RouteValues.GetValueOrDefault("tenant") as string ?? AccessControl.ScopeOf(context.Principal());
            if (context.Request.Query.TryGetValue("watch", out var value) && bool.TryParse(value, out bool isWatch) && isWatch)
            {
                return watch.Open(context, kind, tenant);
            }

            CloudState state = store.State;
            IEnumerable<Resource> resources = tenant is null ? state.Model.Of(kind) : state.Model.OfTenant(tenant).Where(r => r.Id.Kind == kind);
            return Answer.Json(new ResourceList<JsonElement>(
                state.Revision, [.. resources.Select(r => documents.ToElement(state, state.Stored[r.Id]))]));
        })
        .For(access, $"All objects of kind {kind}; with watch=true and revision=N a stream of changes after N, one JSON object a line.")
        .Produces<ResourceList<JsonElement>>()
        .Problems(StatusCodes.Status410Gone);

    private static void MapOne(IEndpointRouteBuilder app, ResourceKind kind, string pattern, Access read, Access write)
    {
        app.MapGet(pattern, (HttpContext context, ModelStore store, ResourceDocuments documents) =>
            {
                ResourceId id = IdOf(context, kind);
                CloudState state = store.State;
                return state.Stored.TryGetValue(id, out StoredResource? stored) ? Document(context, documents, state, stored) : throw ProblemException.NotFound(id.ToString());
            })
            .For(read, $"One object of kind {kind}.")
            .Produces<JsonElement>()
            .Problems(StatusCodes.Status404NotFound);

        app.MapPut(pattern, async (HttpContext context, ResourceService resources, ResourceDocuments documents) =>
            {
                JsonElement document = await RequestJson.ReadElementAsync(context);
                (CloudState state, StoredResource stored, bool created) = await resources.PutAsync(
                    context.Principal(), IdOf(context, kind), document, RequestJson.ExpectedRevision(context.Request), context.RequestAborted);
                return Document(context, documents, state, stored, created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
            })
            .For(write, $"Creates or replaces one object of kind {kind}; If-Match: \"REVISION\" guards against lost changes.")
            .Accepts<JsonElement>("application/json")
            .Produces<JsonElement>().Produces<JsonElement>(StatusCodes.Status201Created)
            .Problems(
                StatusCodes.Status409Conflict, StatusCodes.Status412PreconditionFailed,
                StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status422UnprocessableEntity);

        app.MapDelete(pattern, async (HttpContext context, ResourceService resources) =>
            {
                long revision = await resources.DeleteAsync(
                    context.Principal(), IdOf(context, kind), RequestJson.ExpectedRevision(context.Request), context.RequestAborted);
                context.Response.Headers.ETag = $"\"{revision}\"";
                return Results.NoContent();
            })
            .For(write, $"Deletes one object of kind {kind}.")
            .Produces(StatusCodes.Status204NoContent)
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status412PreconditionFailed);
    }

    private static IResult Document(HttpContext context, ResourceDocuments documents, CloudState state, StoredResource stored, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.ETag = $"\"{stored.Revision}\"";
        return Answer.Json(documents.ToElement(state, stored), status);
    }

    private static ResourceId IdOf(HttpContext context, ResourceKind kind)
    {
        RouteValueDictionary route = context.Request.RouteValues;
        string? tenant = route.GetValueOrDefault("tenant") as string;
        return kind switch
        {
            ResourceKind.Tenant => new ResourceId(kind, null, tenant!),
            ResourceKind.Host => new ResourceId(kind, null, (string)route["host"]!),
            _ => new ResourceId(kind, tenant, (string)route["name"]!),
        };
    }
}
