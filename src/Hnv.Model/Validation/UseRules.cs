using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>
/// What is not written must stay right: told about the object that is removed or narrowed. Users that are themselves in the change
/// set are judged by their own rules.
/// </summary>
internal static class UseRules
{
    public static void Check(Judgement judgement, AppliedChange change)
    {
        switch (change.Before, change.After)
        {
            case (Tenant tenant, null):
                InUse(judgement, change, "", judgement.Next.OfTenant(tenant.Name).Select(static r => r.Id), onlyUnchanged: false);
                break;
            case (Host host, null):
                InUse(judgement, change, "", judgement.Next.PortsOnHost(host.Name).Select(static p => p.Id));
                ProviderAddresses(judgement, change, "", host.ProviderAddresses);
                break;
            case (Host host, Host):
                ProviderAddresses(judgement, change, "/providerAddresses", host.ProviderAddresses);
                break;
            case (ProviderEndpoint endpoint, _):
                ProviderAddresses(judgement, change, change.After is null ? "" : "/providerAddress", [endpoint.ProviderAddress]);
                break;
            case (VmNetwork before, var after):
                Subnets(judgement, change, before, after as VmNetwork);
                break;
        }
    }

    private static void InUse(Judgement judgement, AppliedChange change, string field, IEnumerable<ResourceId> users, bool onlyUnchanged = true)
    {
        List<ResourceId> ids = [.. users.Where(id => !onlyUnchanged || !judgement.IsChanged(id))];
        if (ids.Count > 0)
        {
            judgement.Add(change, field, $"is still used by {judgement.List(ids)}", "move or remove them first, or in the same request");
        }
    }

    private static void ProviderAddresses(Judgement judgement, AppliedChange change, string field, IEnumerable<IPAddress> before)
    {
        foreach (IPAddress address in before)
        {
            if (!judgement.Next.OwnersOf(address).IsEmpty)
            {
                continue;
            }

            List<ResourceId> users = [.. judgement.Next.RecordsTo(address).Select(static r => r.Id).Where(id => !judgement.IsChanged(id))];
            if (users.Count > 0)
            {
                judgement.Add(
                    change, field, $"{address} is still used by {judgement.List(users)}", "change or remove them first, or in the same request");
            }
        }
    }

    private static void Subnets(Judgement judgement, AppliedChange change, VmNetwork before, VmNetwork? after)
    {
        Dictionary<uint, (VirtualSubnet Subnet, int Index)> kept = [];
        if (after is not null)
        {
            for (int i = 0; i < after.Subnets.Length; i++)
            {
                kept.TryAdd(after.Subnets[i].Vsid, (after.Subnets[i], i));
            }
        }

        List<ResourceId> stranded = [];
        foreach (VirtualSubnet subnet in before.Subnets)
        {
            bool stays = kept.TryGetValue(subnet.Vsid, out (VirtualSubnet Subnet, int Index) now);
            if (stays && now.Subnet.Equals(subnet))
            {
                continue;
            }

            List<Port> ports = [.. judgement.Next.PortsIn(subnet.Vsid).Where(p => p.VmNetworkId == before.Id && !judgement.IsChanged(p.Id))];
            List<LookupRecord> records =
                [.. judgement.Next.RecordsIn(subnet.Vsid).Where(r => r.Tenant == before.Tenant && !judgement.IsChanged(r.Id))];
            if (stays)
            {
                Narrowed(judgement, change, now.Subnet, now.Index, ports, records);
                continue;
            }

            // A record needs a subnet of its tenant; the VSID may have moved to another network of the same one.
            bool elsewhere = judgement.Next.SubnetsOf(subnet.Vsid).Any(s => s.Network.Tenant == before.Tenant);
            stranded.Clear();
            stranded.AddRange(ports.Select(static p => p.Id));
            stranded.AddRange(elsewhere ? [] : records.Select(static r => r.Id));
            if (stranded.Count > 0)
            {
                judgement.Add(
                    change, after is null ? "" : "/subnets", $"subnet {subnet.Vsid} is still used by {judgement.List(stranded)}",
                    "move or remove them first, or in the same request");
            }
        }
    }

    /// <summary>Prefixes or gateways changed: who has an address that no VM may have any longer?</summary>
    private static void Narrowed(
        Judgement judgement, AppliedChange change, VirtualSubnet subnet, int index, List<Port> ports, List<LookupRecord> records)
    {
        var claims = ports.SelectMany(static p => p.Addresses.Select(a => (Address: a, p.Id)))
            .Concat(records.Where(static r => r.Type == LookupRecordType.Static).Select(static r => (Address: r.CustomerAddress, r.Id)));
        foreach (IGrouping<bool, (IPAddress Address, ResourceId Id)> group in claims
            .Where(c => AddressRules.OfCustomer(subnet, c.Address) is not null)
            .GroupBy(c => SubnetAddressing.GatewayOf(subnet, c.Address.AddressFamily)?.Equals(c.Address) == true))
        {
            List<string> named = [.. group.Select(static c => $"{c.Address} of {c.Id}")];
            string what = Judgement.Join(named, named.Count);
            judgement.Add(
                change, $"/subnets/{index}/{(group.Key && !subnet.Gateways.IsEmpty ? "gateways" : "prefixes")}",
                group.Key ? $"the gateway would take {what}" : $"no longer covers {what}",
                "change or remove them first, or in the same request");
        }
    }
}
