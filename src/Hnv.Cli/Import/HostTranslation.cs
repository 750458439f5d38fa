using System.Net;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Cli.Import;

/// <summary>
/// Provider addresses and routes as hosts, where a Linux host takes the place of a machine (<c>--host</c>, or all that the export names with <c>--named-hosts</c>); else as
/// provider endpoints: Hyper-V hosts that stay what they are, and are peers.
/// </summary>
internal sealed class HostTranslation(ImportOptions options, ImportFindings findings)
{
    private readonly Dictionary<string, Host> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, ProviderEndpoint> _endpoints = [];
    private readonly Dictionary<IPAddress, (string? Name, ProviderAddressRow Row)> _addresses = [];
    private readonly Dictionary<(string Computer, uint Interface), SortedSet<string>> _interfaces = [];
    private readonly Dictionary<string, string> _computers = new(StringComparer.Ordinal);
    private readonly HashSet<(string Computer, uint Interface)> _staying = [];
    private readonly Dictionary<(string Host, ProviderRoute Route), ExportRow> _routes = [];

    public IEnumerable<Host> Hosts => _hosts.Values;

    public IEnumerable<ProviderEndpoint> Endpoints => _endpoints.Values;

    /// <summary>Where a host's first row stood.</summary>
    public Dictionary<ResourceId, ExportRow> Sources { get; } = [];

    /// <summary>Where a host's route stood.</summary>
    public ExportRow RowOf(string host, ProviderRoute route) => _routes[(host, route)];

    /// <summary>The host that has a provider address; null for one that stays a third party. Makes what is not there yet.</summary>
    public string? Use(IPAddress address, ExportRow row)
    {
        string? name = _addresses.TryGetValue(address, out var known) ? known.Name : options.Hosts.GetValueOrDefault(address);
        if (name is null)
        {
            var endpoint = new ProviderEndpoint { Name = DerivedNames.OfProviderEndpoint(address), ProviderAddress = address };
            if (_endpoints.TryAdd(address, endpoint))
            {
                Sources.TryAdd(endpoint.Id, row);
                findings.Note(row, "ProviderAddress", $"{address} becomes a ProviderEndpoint: a Hyper-V host that stays", $"if a Linux host takes its place, name it: --host {address}=NAME");
            }
        }
        else if (!_addresses.ContainsKey(address))
        {
            AddAddress(name, new ProviderAddressTerms(address), row);
        }

        return name;
    }

    public void Translate(IReadOnlyList<ProviderAddressRow> addresses, IReadOnlyList<ProviderRouteRow> routes)
    {
        // Who names one address of a machine names the machine.
        foreach (ProviderAddressRow row in addresses)
        {
            if (row.Computer is { } computer && options.Hosts.TryGetValue(row.Address, out string? name))
            {
                _computers.TryAdd(computer, name);
            }
        }

        foreach (ProviderAddressRow row in addresses)
        {
            Add(row);
        }

        // Without a name, a single host with that interface is meant.
        foreach (ProviderRouteRow row in routes)
        {
            string[] hosts = row.Computer is { } computer
                ? [.. _interfaces.GetValueOrDefault((computer, row.InterfaceIndex)) ?? (IEnumerable<string>)[NameOf(computer) ?? string.Empty]]
                : [.. _interfaces.Where(i => i.Key.Interface == row.InterfaceIndex).SelectMany(static i => i.Value).Distinct(StringComparer.Ordinal)];
            bool mayStay = row.Computer is null && hosts.Length > 0 && _staying.Any(m => m.Interface == row.InterfaceIndex);
            if (hosts is [var host] && _hosts.ContainsKey(host) && !mayStay)
            {
                AddRoute(host, row);
            }
            else if (_staying.Any(m => row.Computer is { } name ? m.Computer == name : hosts.Length == 0 && m.Interface == row.InterfaceIndex))
            {
                findings.NoteOnce(
                    "routes of machines that stay", row.Row, "DestinationPrefix", $"the route to {row.Prefix} is a matter of the Hyper-V host, which keeps it, here and in other rows",
                    "where a Linux host takes its place, name it: --host PA=NAME");
            }
            else
            {
                findings.LeftOut(
                    row.Row, "PSComputerName",
                    $"the route to {row.Prefix} is of no host that is known here" + (hosts.Length > 1 || mayStay ? $": {string.Join(", ", mayStay ? hosts.Append("a machine that stays") : hosts)} have an interface {row.InterfaceIndex}" : string.Empty),
                    "export with -CimSession HOST, so that PSComputerName is filled in, together with Get-NetVirtualizationProviderAddress; or name the host with --host");
            }
        }
    }

    /// <summary>The host that takes a machine's place; null: none does.</summary>
    private string? NameOf(string? computer) => computer is null ? null : _computers.GetValueOrDefault(computer) ?? (options.NamedHosts ? computer : null);

    private void Add(ProviderAddressRow row)
    {
        string? name = options.Hosts.GetValueOrDefault(row.Address) ?? NameOf(row.Computer);
        if (row.PrefixLength > row.Address.GetMaxLength())
        {
            findings.Error(row.Row, "PrefixLength", $"{row.PrefixLength} is no prefix length of {row.Address}", "export it anew");
            return;
        }

        if (_addresses.TryGetValue(row.Address, out var known))
        {
            if (known.Name != name || known.Row.PrefixLength != row.PrefixLength || known.Row.Vlan != row.Vlan)
            {
                findings.Error(
                    row.Row, "ProviderAddress", $"{row.Address} is said otherwise in {known.Row.Row.Where}: host {known.Name ?? "unknown"}, /{known.Row.PrefixLength}, VLAN {known.Row.Vlan}",
                    "a provider address belongs to one host");
            }

            return;
        }

        _addresses.Add(row.Address, (name, row));
        if (name is null)
        {
            _ = Use(row.Address, row.Row);
            _staying.Add((row.Computer ?? string.Empty, row.InterfaceIndex ?? 0));
            if (row.Vlan != 0)
            {
                findings.Note(row.Row, "VlanID", $"VLAN {row.Vlan} is a matter of the Hyper-V host, which keeps the address");
            }

            return;
        }

        if (row.InterfaceIndex is { } index)
        {
            (string, uint) key = (row.Computer ?? string.Empty, index);
            if (!_interfaces.TryGetValue(key, out SortedSet<string>? names))
            {
                _interfaces.Add(key, names = new SortedSet<string>(StringComparer.Ordinal));
            }

            names.Add(name);
        }

        AddAddress(name, new ProviderAddressTerms(row.Address) { PrefixLength = row.PrefixLength, Vlan = row.Vlan == 0 ? null : row.Vlan }, row.Row);
        NoteTheRest(row);
    }

    private void NoteTheRest(ProviderAddressRow row)
    {
        if (row.Row["MACAddress"] is { } mac)
        {
            findings.Note(row.Row, "MACAddress", $"{mac} is the old machine's, and not taken over", "write mac where the uplink's must be a certain one");
        }

        if (row.Row["AddressState"] is { } state && state is not ("4" or "Preferred"))
        {
            findings.Note(row.Row, "AddressState", $"was {state} at the time of the export");
        }

        if (bool.TryParse(row.Row["ManagedByCluster"], out bool cluster) && cluster)
        {
            findings.Note(row.Row, "ManagedByCluster", "the address moves with a failover cluster; here it belongs to one host");
        }
    }

    private void AddAddress(string name, ProviderAddressTerms terms, ExportRow row)
    {
        Host host = _hosts.GetValueOrDefault(name) ?? new Host { Name = name };
        if (host.ProviderAddresses.Length >= ModelLimits.ProviderAddressesPerHost)
        {
            findings.Error(row, "ProviderAddress", $"host {name} has more than {ModelLimits.ProviderAddressesPerHost} provider addresses", "that is more than a host has");
        }
        else if (!host.ProviderAddresses.Contains(terms.Address))
        {
            _hosts[name] = host with
            {
                ProviderAddresses = host.ProviderAddresses.Add(terms.Address),
                ProviderAddressTerms = terms.IsEmpty ? host.ProviderAddressTerms : host.ProviderAddressTerms.Add(terms),
            };
        }

        Sources.TryAdd(host.Id, row);
    }

    private void AddRoute(string name, ProviderRouteRow row)
    {
        Host host = _hosts[name];
        var route = new ProviderRoute { Prefix = row.Prefix, NextHop = row.NextHop.IsUnspecified() ? null : row.NextHop, Metric = row.Metric };
        if (host.ProviderRoutes.Contains(route))
        {
            return;
        }

        if (row.Metric > ModelLimits.ProviderRouteMetric)
        {
            findings.LeftOut(row.Row, "Metric", $"{row.Metric} is more than a route's metric here: {ModelLimits.ProviderRouteMetric}", "give it a smaller one");
            return;
        }

        if (host.ProviderRoutes.Length >= ModelLimits.ProviderRoutesPerHost)
        {
            findings.Error(row.Row, null, $"host {name} has more than {ModelLimits.ProviderRoutesPerHost} provider routes", "that is more than a host has");
            return;
        }

        if (host.ProviderRoutes.Any(r => r.Prefix.Equals(row.Prefix) && r.Metric == row.Metric))
        {
            findings.LeftOut(row.Row, "NextHop", $"{name} has another route to {row.Prefix} with metric {row.Metric}", "give it another metric");
            return;
        }

        findings.Note(row.Row, "InterfaceIndex", $"{row.InterfaceIndex} is a number of the old machine's: the uplink is found by the next hop", "write uplink where that is not enough");
        _routes.Add((name, route), row.Row);
        _hosts[name] = host with { ProviderRoutes = host.ProviderRoutes.Add(route) };
    }
}
