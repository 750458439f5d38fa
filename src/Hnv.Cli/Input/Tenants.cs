using System.Text.Json;
using System.Text.Json.Nodes;
using Hnv.Api.Manifests;
using Hnv.Model.Resources;

namespace Hnv.Cli.Input;

/// <summary><c>--tenant T</c> for documents: what names no tenant is T's.</summary>
internal static class Tenants
{
    public static JsonElement Fill(ManifestDocument document, string? tenant)
    {
        if (tenant is null || document.Kind is not { } kind || !ResourceId.IsTenantScoped(kind) || document.Root.TryGetProperty("tenant", out _))
        {
            return document.Root;
        }

        JsonObject filled = JsonObject.Create(document.Root)!;
        filled["tenant"] = tenant;
        return JsonSerializer.SerializeToElement(filled);
    }
}
