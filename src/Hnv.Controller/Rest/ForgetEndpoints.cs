using System.Globalization;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>
/// Forgets learned addresses on purpose. That is policy, in the state log: the subnet's next epoch begins, and what was learned before is
/// worth nothing on any host, whenever it hears of that.
/// </summary>
internal static class ForgetEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        string tenants = $"{RestPaths.Root}/tenants/{{tenant}}";
        string subnet = $"{tenants}/virtualsubnets/{{vsid}}/learned";
        app.MapDelete(subnet, (HttpContext context, string tenant, string vsid, ModelStore store, LearnedStore learned, ResourceService resources) =>
                ForgetAsync(context, SubnetOf(store.State.Model, tenant, vsid), null, null, learned, resources))
            .For(Access.OfTenant, "Forgets everything that was learned in a virtual subnet: it counts when it is proved anew.")
            .Produces<ForgetAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);

        app.MapDelete($"{subnet}/{{address}}", (HttpContext context, string tenant, string vsid, string address, ModelStore store, LearnedStore learned, ResourceService resources) =>
            {
                CloudModel model = store.State.Model;
                SubnetRef found = SubnetOf(model, tenant, vsid);
                return ForgetAsync(context, found, AddressIn(model, found, address, learned), null, learned, resources);
            })
            .For(Access.OfTenant, "Forgets a learned address of a virtual subnet: it counts when it is proved anew.")
            .Produces<ForgetAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);

        app.MapDelete($"{tenants}/ports/{{name}}/learned", (HttpContext context, string tenant, string name, ModelStore store, LearnedStore learned, ResourceService resources) =>
            {
                CloudModel model = store.State.Model;
                Port port = model.FindPort(tenant, name) ?? throw ProblemException.NotFound(new ResourceId(ResourceKind.Port, tenant, name).ToString());
                return model.FindSubnet(port.Vsid) is { } found && port.Learns(found.Subnet)
                    ? ForgetAsync(context, found, null, $"{tenant}/{name}", learned, resources)
                    : throw Unprocessable($"{port.Id} does not learn: its addresses are policy's.");
            })
            .For(Access.OfTenant, "Forgets everything that a port was learned to have: it counts when it is proved anew.")
            .Produces<ForgetAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> ForgetAsync(
        HttpContext context, SubnetRef subnet, IPAddress? address, string? port, LearnedStore learned, ResourceService resources)
    {
        uint vsid = subnet.Subnet.Vsid;
        string by = context.Principal().ToString();
        RecordView[] known =
        [
            .. Known(learned, subnet).Where(r => (address is null || address.Equals(r.Key.Address)) && (port is null || port == r.Port))
                .OrderBy(static r => r.Key.Address.AddressFamily).ThenBy(static r => r.Key.Address.ToNumber()).Select(CloudViews.Record),
        ];
        uint epoch = 0, latest = Known(learned, subnet).Select(static r => r.Epoch).DefaultIfEmpty().Max();
        (CloudState _, StoredResource stored) = await resources.ChangeAsync<VmNetwork>(
            context.Principal(),
            subnet.Network.Id,
            network =>
            {
                VirtualSubnet now = network.Subnets.FirstOrDefault(s => s.Vsid == vsid) ?? throw ProblemException.NotFound($"virtual subnet {vsid}");
                VirtualSubnet next = now.Forget(address, port, by, latest);
                epoch = next.LearningEpoch;
                return network with { Subnets = network.Subnets.Replace(now, next) };
            },
            context.RequestAborted);
        return Answer.Json(new ForgetAnswer(stored.Revision, vsid, epoch, [.. known]));
    }

    private static IEnumerable<LearnedRecord> Known(LearnedStore learned, SubnetRef subnet) =>
        (learned.Find(subnet.Network.RoutingDomainId)?.Records() ?? []).Where(r => r.Key.Vsid == subnet.Subnet.Vsid);

    private static SubnetRef SubnetOf(CloudModel model, string tenant, string text)
    {
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint vsid))
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, $"A virtual subnet is named by its identifier, such as 5001; '{text}' is none.");
        }

        if (model.FindSubnet(vsid) is not { } subnet || subnet.Network.Tenant != tenant)
        {
            throw ProblemException.NotFound($"virtual subnet {vsid} of tenant {tenant}");
        }

        return subnet.Subnet.Learning == LearningMode.Dynamic || model.PortsIn(vsid).Any(p => p.Learns(subnet.Subnet))
            ? subnet
            : throw Unprocessable($"Nothing is learned in virtual subnet {vsid}: policy alone says who has which address.");
    }

    private static IPAddress AddressIn(CloudModel model, SubnetRef subnet, string text, LearnedStore learned)
    {
        uint vsid = subnet.Subnet.Vsid;
        if (!IPAddress.TryParse(text, out IPAddress? address))
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, $"'{text}' is not an IP address, such as 10.0.0.5.");
        }

        if (!address.IsIPv6LinkLocal && !SubnetAddressing.Contains(subnet.Subnet, address))
        {
            throw Unprocessable($"{address} is not in virtual subnet {vsid}; that has {string.Join(" and ", subnet.Subnet.Prefixes)}.");
        }

        if (RecordPrecedence.Effective(model, vsid, address) is { } policy)
        {
            throw Unprocessable($"{address} was not learned: policy gives it to {(policy.Port is { } port ? port.Id : policy.Record!.Id)}.");
        }

        return Known(learned, subnet).Any(r => r.Key.Address.Equals(address))
            ? address
            : throw ProblemException.NotFound($"learned address {address} in virtual subnet {vsid}; 'hnv get records' lists what there is");
    }

    private static ProblemException Unprocessable(string detail) => new(StatusCodes.Status422UnprocessableEntity, detail);
}
