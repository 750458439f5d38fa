using System.Text.Json;
using Hnv.Api;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Cli.Kinds;

/// <summary>Finds what a user names: NAME, or TENANT/NAME where the name alone is ambiguous.</summary>
internal static class ObjectFinder
{
    /// <summary>Splits TENANT/NAME; <c>--tenant</c> counts where no tenant is written.</summary>
    public static (string? Tenant, string Name) Split(CommandContext context, string name) =>
        name.Split('/') is [var tenant, var rest] ? (tenant, rest) : (context.Tenant, name);

    /// <summary>The rows of a kind, in the scope of <c>--tenant</c>.</summary>
    public static async Task<(long Revision, IReadOnlyList<JsonElement> Items)> ListAsync(
        CommandContext context, KindTable table, string? tenant, CancellationToken cancellationToken)
    {
        tenant = table.Kind.IsTenantScoped ? tenant : null;
        if (table.Kind.Resource is { } resource)
        {
            var list = await context.Client.ListAsync(resource, tenant, cancellationToken);
            return (list.Revision, list.Items);
        }

        return table.Kind.Name switch
        {
            "VirtualSubnet" => Elements(await context.Client.VirtualSubnetsAsync(tenant, cancellationToken)),
            "Record" => Elements(await context.Client.RecordsAsync(tenant, cancellationToken)),
            "Event" => Elements(await context.Client.EventsAsync(tenant, cancellationToken)),
            "CustomerRoute" => Elements(await context.Client.CustomerRoutesAsync(tenant, cancellationToken)),
            "ProviderAddress" => Elements(await context.Client.ProviderAddressesAsync(cancellationToken)),
            "ProviderRoute" => Elements(await context.Client.ProviderRoutesAsync(cancellationToken)),
            _ => throw new InvalidOperationException($"The kind {table.Kind.Name} has no list."),
        };
    }

    /// <summary>What matches a name: exactly one of a resource, one or more of a view.</summary>
    /// <exception cref="CliException">None, or several tenants have one.</exception>
    public static async Task<IReadOnlyList<JsonElement>> FindAsync(
        CommandContext context, KindTable table, string name, CancellationToken cancellationToken)
    {
        // Prefixes have a slash of their own.
        (string? tenant, string bare) = table.Kind.Resource is null ? (context.Tenant, name) : Split(context, name);
        (_, IReadOnlyList<JsonElement> all) = await ListAsync(context, table, tenant, cancellationToken);
        JsonElement[] found = [.. all.Where(e => table.Key(e) == bare)];
        if (found.Length == 0)
        {
            string? nearest = Suggestion.Nearest(bare, all.Select(table.Key).OfType<string>());
            throw CliException.Failed(
                $"There is no {table.Kind.Name} '{name}'{(tenant is null || !table.Kind.IsTenantScoped ? string.Empty : $" of tenant '{tenant}'")}.",
                nearest is null ? $"'hnv get {table.Kind.Collection}' lists them." : $"Did you mean '{nearest}'? 'hnv get {table.Kind.Collection}' lists them.");
        }

        if (table.Kind.Resource is not null && found.Length > 1)
        {
            throw CliException.Usage(
                $"Several tenants have a {table.Kind.Name} '{name}'.", "Write " + string.Join(" or ", found.Select(e => $"{e.Text("tenant")}/{bare}")) + ", or --tenant T.");
        }

        return found;
    }

    /// <summary>The one resource of a name.</summary>
    public static async Task<JsonElement> FindOneAsync(CommandContext context, ResourceKind kind, string name, CancellationToken cancellationToken) =>
        (await FindAsync(context, KindTables.Of(kind), name, cancellationToken))[0];

    private static (long Revision, IReadOnlyList<JsonElement> Items) Elements<T>(Api.Rest.ResourceList<T> list) =>
        (list.Revision, [.. list.Items.Select(i => JsonSerializer.SerializeToElement(i, HnvJson.Options))]);
}
