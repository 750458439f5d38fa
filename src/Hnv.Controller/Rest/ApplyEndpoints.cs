using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Controller.Rest;

/// <summary>Many documents in one transaction.</summary>
internal static class ApplyEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost($"{RestPaths.Root}/apply", async (
                HttpContext context, ResourceService resources, bool dryRun = false, string? set = null, bool prune = false, string? tenant = null) =>
            {
                if (prune && string.IsNullOrEmpty(set))
                {
                    throw new ProblemException(StatusCodes.Status400BadRequest, "prune needs a set: it removes only what the same set applied before.");
                }

                if (set is not null && !NameRules.IsValid(set))
                {
                    throw new ProblemException(StatusCodes.Status400BadRequest, $"{BindingContext.Quote(set)} is not a name of a set: {NameRules.Remedy}.");
                }

                ApplyRequest request = await RequestJson.ReadAsync<ApplyRequest>(context);
                ChangeSet wishes = Read(request, DefaultTenant(context, tenant));
                return Answer.Json(await resources.ApplyAsync(
                    context.Principal(), wishes, dryRun, set, prune ? new PruneScope(tenant) : null, StatusCodes.Status422UnprocessableEntity, context.RequestAborted));
            })
            .For(
                Access.ScopedToTenant,
                "Makes all documents so in one transaction. dryRun: only says what it would do. set, prune: deletes what the same set held before and holds no more; with tenant only that tenant's.")
            .Accepts<ApplyRequest>("application/json")
            .Produces<ApplyResponse>()
            .Problems(StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status422UnprocessableEntity);

        app.MapPost($"{RestPaths.Root}/delete", async (HttpContext context, ResourceService resources, bool dryRun = false, string? tenant = null) =>
            {
                ApplyRequest request = await RequestJson.ReadAsync<ApplyRequest>(context);
                ChangeSet wishes = ReadNames(request, DefaultTenant(context, tenant));
                return Answer.Json(await resources.ApplyAsync(
                    context.Principal(), wishes, dryRun, set: null, prune: null, StatusCodes.Status409Conflict, context.RequestAborted));
            })
            .For(Access.ScopedToTenant, "Deletes what the documents name, in one transaction; what is not there is unchanged.")
            .Accepts<ApplyRequest>("application/json")
            .Produces<ApplyResponse>()
            .Problems(StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status422UnprocessableEntity);
    }

    private static string DefaultTenant(HttpContext context, string? tenant) =>
        tenant ?? AccessControl.ScopeOf(context.Principal()) ?? ResourceId.DefaultTenant;

    private static ImmutableArray<JsonElement> Documents(ApplyRequest request) =>
        request.Documents.IsDefault ? throw new ProblemException(StatusCodes.Status400BadRequest, "The body must hold a list named documents.") : request.Documents;

    private static ChangeSet Read(ApplyRequest request, string tenant)
    {
        var findings = new List<Finding>();
        var changes = ImmutableArray.CreateBuilder<ResourceChange>();
        int number = 0;
        foreach (JsonElement document in Documents(request))
        {
            var options = new ResourceReadOptions { DefaultTenant = tenant, Document = number };
            if (ResourceJson.TryRead(document, options, out Resource? resource, findings))
            {
                changes.Add(new ResourceChange(resource.Id, resource, number));
            }

            number++;
        }

        // What does not read is missing from the rest, which would then be blamed for it: so these findings come alone.
        return findings.Count == 0 ? new ChangeSet(changes.ToImmutable()) : throw ProblemException.Invalid([.. findings]);
    }

    /// <summary>Kind and name do; what has neither must be whole, for its name to follow from it.</summary>
    private static ChangeSet ReadNames(ApplyRequest request, string tenant)
    {
        var findings = new List<Finding>();
        var changes = ImmutableArray.CreateBuilder<ResourceChange>();
        int number = 0;
        foreach (JsonElement document in Documents(request))
        {
            var unread = new List<Finding>();
            var options = new ResourceReadOptions { DefaultTenant = tenant, Document = number };
            if (ResourceJson.TryRead(document, options, out Resource? resource, unread))
            {
                changes.Add(new ResourceChange(resource.Id, null, number));
            }
            else if (ResourceKinds.OfManifest(StrictObject.TextOf(document, "kind")) is { } kind && StrictObject.TextOf(document, "name") is { } name)
            {
                changes.Add(new ResourceChange(new ResourceId(kind, ResourceId.IsTenantScoped(kind) ? StrictObject.TextOf(document, "tenant") ?? tenant : null, name), null, number));
            }
            else
            {
                unread.ForEach(findings.AddWithinLimit);
            }

            number++;
        }

        return findings.Count == 0 ? new ChangeSet(changes.ToImmutable()) : throw ProblemException.Invalid([.. findings]);
    }
}
