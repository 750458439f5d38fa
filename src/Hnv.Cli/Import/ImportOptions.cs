using System.Net;

namespace Hnv.Cli.Import;

/// <summary>What the user says about an import.</summary>
/// <param name="Tenant">Whose the VM networks are of which nothing else is said.</param>
/// <param name="Hosts">Names of hosts by provider address.</param>
/// <param name="Networks">Names of VM networks by routing domain, with the tenant's where it is another one.</param>
/// <param name="NamedHosts">Machines that the export names (PSComputerName) become hosts of these names; else only those of <paramref name="Hosts"/> do.</param>
/// <param name="AsPorts">VMs at named hosts become ports, ready to run there, instead of records.</param>
internal sealed record ImportOptions(string Tenant, IReadOnlyDictionary<IPAddress, string> Hosts, IReadOnlyDictionary<Guid, (string? Tenant, string Name)> Networks,
    bool NamedHosts, bool AsPorts);
