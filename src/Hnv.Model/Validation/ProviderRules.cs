using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Hosts and endpoints: their addresses on the provider network.</summary>
internal static class ProviderRules
{
    public static void Check(Judgement judgement, AppliedChange change, Host host)
    {
        if (host.ProviderAddresses.Length > ModelLimits.ProviderAddressesPerHost)
        {
            judgement.Add(
                change, "/providerAddresses", $"has {host.ProviderAddresses.Length} addresses",
                $"a host has at most {ModelLimits.ProviderAddressesPerHost}");
            return;
        }

        for (int i = 0; i < host.ProviderAddresses.Length; i++)
        {
            IPAddress address = host.ProviderAddresses[i];
            string field = $"/providerAddresses/{i}";
            if (host.ProviderAddresses.AsSpan(0, i).Contains(address))
            {
                judgement.Add(change, field, $"{address} is there twice", "remove one of them");
            }
            else
            {
                Check(judgement, change, field, address);
            }
        }
    }

    public static void Check(Judgement judgement, AppliedChange change, ProviderEndpoint endpoint) =>
        Check(judgement, change, "/providerAddress", endpoint.ProviderAddress);

    private static void Check(Judgement judgement, AppliedChange change, string field, IPAddress address)
    {
        if (AddressRules.OfProvider(address) is { } problem)
        {
            judgement.Add(change, field, problem.What, problem.Remedy);
            return;
        }

        foreach (Resource owner in judgement.Next.OwnersOf(address))
        {
            if (judgement.ComesBefore(owner.Id, change.Id))
            {
                judgement.Add(change, field, $"{address} is {judgement.UsedBy(owner.Id)}", "a provider address belongs to one host or endpoint");
            }
        }
    }
}
