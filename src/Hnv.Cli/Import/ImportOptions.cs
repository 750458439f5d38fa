using System.Net;

namespace Hnv.Cli.Import;

/// <summary>What the user says about an import.</summary>
/// <param name="Tenant">Whose the VM networks are of which nothing else is said.</param>
/// <param name="Hosts">Names of hosts by provider address.</param>
/// <param name="Networks">Names of VM networks by routing domain, with the tenant's where it is another one.</param>
/// <param name="NamedHosts">Machines that the export names (PSComputerName) become hosts of these names; else only those of <paramref name="Hosts"/> do.</param>
/// <param name="AsPorts">VMs at named hosts become ports, ready to run there, instead of records.</param>
internal sealed record ImportOptions(string Tenant, IReadOnlyDictionary<IPAddress, string> Hosts, IReadOnlyDictionary<Guid, (string? Tenant, string Name)> Networks,
    bool NamedHosts, bool AsPorts)
{
    /// <summary>What is said of something that the export does not have is an error: it would be as if it had not been said.</summary>
    public void RequireRows(NetWnvExport export, ImportFindings findings)
    {
        HashSet<IPAddress> addresses = [.. export.ProviderAddresses.Select(static a => a.Address), .. export.Records.Select(static r => r.ProviderAddress)];
        foreach ((IPAddress address, string name) in Hosts.Where(h => !addresses.Contains(h.Key)))
        {
            Add($"--host {address}={name}", "no row has this provider address", "name one that the export has, or leave it out");
        }

        HashSet<Guid> domains = [.. export.CustomerRoutes.Select(static r => r.RoutingDomainId)];
        foreach ((Guid domain, (string? tenant, string name)) in Networks.Where(n => !domains.Contains(n.Key)))
        {
            Add($"--network {domain:B}={(tenant is null ? name : $"{tenant}/{name}")}", "no customer route has this routing domain", "name one that the export has, or leave it out");
        }

        if (NamedHosts && export.ProviderAddresses.All(static a => a.Computer is null))
        {
            Add("--named-hosts", "no provider address has a PSComputerName", "export with -CimSession HOST, so that it is filled in, or name the hosts with --host PA=NAME");
        }

        void Add(string option, string what, string remedy) => findings.Add(new ImportFinding(ImportSeverity.Error, option, null, null, what, remedy));
    }
}
