using System.Net;
using Hnv.Model.Addressing;
using System.Text;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>
/// Explicit records. One for an address that a port has is no error: the port wins, and the record says so as a condition.
/// </summary>
internal static class LookupRecordRules
{
    public static void Check(Judgement judgement, AppliedChange change, LookupRecord record)
    {
        CheckCustomerAddress(judgement, change, record, FindSubnet(judgement, change, record));
        if (AddressRules.OfVm(record.Mac) is { } macProblem)
        {
            judgement.Add(change, "/mac", macProblem.What, macProblem.Remedy);
        }

        CheckRemark(judgement, change, "/customerId", record.CustomerId);
        CheckRemark(judgement, change, "/context", record.Context);
        CheckRemark(judgement, change, "/vmName", record.VmName);
        if (AddressRules.OfProvider(record.ProviderAddress) is { } providerProblem)
        {
            judgement.Add(change, "/providerAddress", providerProblem.What, providerProblem.Remedy);
        }
        else if (judgement.Next.OwnersOf(record.ProviderAddress).IsEmpty)
        {
            judgement.Add(
                change, "/providerAddress", $"no Host and no ProviderEndpoint has {record.ProviderAddress}",
                $"add a ProviderEndpoint with providerAddress {record.ProviderAddress} for a third-party peer");
        }
    }

    /// <summary>Shown in terminals and tables, so it has no control characters.</summary>
    private static void CheckRemark(Judgement judgement, AppliedChange change, string field, string? text)
    {
        if (text is { Length: > ModelLimits.RemarkLength })
        {
            judgement.Add(change, field, $"has {text.Length} characters", $"it has at most {ModelLimits.RemarkLength}");
        }
        else if (text?.EnumerateRunes().Any(static r => Rune.IsControl(r) || r == Rune.ReplacementChar) == true)
        {
            judgement.Add(change, field, "has a control character, or one that is not text", "write one line of plain text");
        }
    }

    private static VirtualSubnet? FindSubnet(Judgement judgement, AppliedChange change, LookupRecord record)
    {
        foreach (SubnetRef found in judgement.Next.SubnetsOf(record.Vsid))
        {
            if (found.Network.Tenant == record.Tenant)
            {
                return found.Subnet;
            }
        }

        judgement.Add(
            change, "/vsid", $"VSID {record.Vsid} is in no VM network of tenant {NameRules.Shorten(record.Tenant)}",
            "a record belongs to the tenant whose subnet it is in");
        return null;
    }

    private static void CheckCustomerAddress(Judgement judgement, AppliedChange change, LookupRecord record, VirtualSubnet? subnet)
    {
        const string Field = "/customerAddress";
        IPAddress address = record.CustomerAddress;
        bool wildcard = address.IsUnspecified();
        switch (record.Type)
        {
            case LookupRecordType.Dynamic:
                judgement.Add(change, "/type", "Dynamic records are learned by hosts, and not written", "use Static, or let the port learn (learning: dynamic)");
                break;
            case LookupRecordType.L2Only:
                judgement.Add(
                    change, "/type", "L2Only records follow from ports, and are not written", "use a port without addresses in a subnet with learning: dynamic");
                break;
            case LookupRecordType.GatewayWildcard when !wildcard:
                judgement.Add(change, Field, $"{address} is one address, and a GatewayWildcard stands for all", "write 0.0.0.0 or \"::\"");
                break;
            case LookupRecordType.Static when wildcard:
                judgement.Add(change, Field, $"{address} stands for all addresses, and a Static record is for one", "write the VM's address, or type: GatewayWildcard");
                break;
            case LookupRecordType.Static when subnet is not null && AddressRules.OfCustomer(subnet, address) is { } problem:
                judgement.Add(change, Field, problem.What, problem.Remedy);
                break;
        }

        foreach (LookupRecord other in judgement.Next.RecordsAt(record.Vsid, address))
        {
            if (judgement.ComesBefore(other.Id, record.Id))
            {
                judgement.Add(
                    change, Field, $"{address} is {judgement.UsedBy(other.Id)} in subnet {record.Vsid}",
                    wildcard ? "a subnet has one wildcard record of each family" : "a customer address has one record");
            }
        }
    }
}
