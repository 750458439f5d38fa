using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Hosts;
using Hnv.Controller.Identity;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;
using Hnv.Policy;

namespace Hnv.Controller.Rest;

/// <summary>What can be read only: views on what objects say together, and the policy's answers.</summary>
internal static class ViewEndpoints
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(60);

    public static void Map(IEndpointRouteBuilder app)
    {
        MapView(app, ResourceKinds.VirtualSubnet, static (model, _, tenant) => CloudViews.VirtualSubnets(model, tenant));
        MapView(app, ResourceKinds.CustomerRoute, CloudViews.CustomerRoutes);
        MapView(app, ResourceKinds.Record, CloudViews.Records);

        app.MapGet($"{RestPaths.Root}/{ResourceKinds.ProviderAddress.Collection}", (ModelStore store, HostRegistry hosts) =>
                Answer.Json(new ResourceList<ProviderAddressView>(store.State.Revision, [.. CloudViews.ProviderAddresses(store.State.Model, hosts)])))
            .For(Access.Admin, "Provider addresses of hosts and third parties.")
            .Produces<ResourceList<ProviderAddressView>>();

        app.MapGet($"{RestPaths.Root}/{ResourceKinds.ProviderRoute.Collection}", (ModelStore store) =>
                Answer.Json(new ResourceList<ProviderRouteView>(store.State.Revision, [.. CloudViews.ProviderRoutes(store.State.Model)])))
            .For(Access.Admin, "Provider routes of hosts.")
            .Produces<ResourceList<ProviderRouteView>>();

        app.MapGet($"{RestPaths.Root}/next-hop", (HttpContext context, ModelStore store, LearnedStore learned, uint vsid, string to, string? from = null) =>
            {
                CloudState state = store.State;
                return state.Model.FindSubnet(vsid) is { } subnet && AccessControl.Owns(context.Principal(), subnet.Network.Id)
                    ? Answer.Json(NextHop.Find(state.Model, learned, subnet, Address("to", to), from is null ? null : Address("from", from)))
                    : throw ProblemException.NotFound($"virtual subnet {vsid}");
            })
            .For(Access.ScopedToTenant, "What policy does with a packet from a VM of a subnet to an address.")
            .Produces<NextHopAnswer>()
            .Problems(StatusCodes.Status404NotFound);

        app.MapGet($"{RestPaths.Root}/convergence", async (HttpContext context, Convergence convergence, long revision, int waitSeconds = 0) =>
            {
                TimeSpan wait = TimeSpan.FromSeconds(Math.Clamp(waitSeconds, 0, (int)s_longestWait.TotalSeconds));
                return Answer.Json(await convergence.WaitAsync(revision, AccessControl.ScopeOf(context.Principal()), wait, context.RequestAborted));
            })
            .For(Access.ScopedToTenant, "Waits until every host that a revision concerns has realised it, or time is up; names those that have not.")
            .Produces<ConvergenceAnswer>();
    }

    private static void MapView<T>(IEndpointRouteBuilder app, KindInfo kind, Func<Model.CloudModel, LearnedStore, string?, IEnumerable<T>> view)
    {
        IResult Get(HttpContext context, ModelStore store, LearnedStore learned)
        {
            string? tenant = context.Request.RouteValues.GetValueOrDefault("tenant") as string ?? AccessControl.ScopeOf(context.Principal());
            CloudState state = store.State;
            return Answer.Json(new ResourceList<T>(state.Revision, [.. view(state.Model, learned, tenant)]));
        }

        app.MapGet($"{RestPaths.Root}/{kind.Collection}", Get).For(Access.ScopedToTenant, $"View: {kind.Name}.").Produces<ResourceList<T>>();
        app.MapGet($"{RestPaths.Root}/tenants/{{tenant}}/{kind.Collection}", Get).For(Access.OfTenant, $"View: {kind.Name} of one tenant.").Produces<ResourceList<T>>();
    }

    private static IPAddress Address(string name, string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address : throw new ProblemException(StatusCodes.Status400BadRequest, $"{name} must be an IP address, such as 10.0.0.5; '{text}' is none.");
}
