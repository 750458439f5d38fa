using System.Net;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// A machine on a lab's provider network that is no host of ours: a network namespace whose interface <c>u0</c> hangs on the provider network's bridge, which
/// hands it packets as a wire would, cut and with checksums. What it has of tenants is in further namespaces.
/// </summary>
internal sealed class Stranger : IAsyncDisposable
{
    private readonly List<string> _namespaces = [];
    private readonly string _fabric;

    private Stranger(string fabric, string name) => (_fabric, Name) = (fabric, name);

    /// <summary>At most four letters.</summary>
    public string Name { get; }

    /// <summary>Its namespace.</summary>
    public string Namespace => $"{_fabric}-{Name}";

    public static async Task<Stranger> AttachAsync(NetworkLab lab, string name)
    {
        var stranger = new Stranger(lab.FabricNamespace, name);
        try
        {
            await stranger.AddNamespaceAsync(stranger.Namespace);
            await Shell.RunAsync($"""
                ip -n {lab.FabricNamespace} link add x-{name} type veth peer name u0 netns {stranger.Namespace}
                ip -n {lab.FabricNamespace} link set x-{name} master br0 up
                ip netns exec {lab.FabricNamespace} ethtool -K x-{name} tso off gso off tx off tx-gre-segmentation off tx-udp_tnl-segmentation off
                ip netns exec {stranger.Namespace} ethtool -K u0 tx off
                ip -n {stranger.Namespace} link set u0 up
                """);
            return stranger;
        }
        catch
        {
            await stranger.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lines for the shell, run in its namespace.</summary>
    public Task<string> RunAsync(string script) => InAsync(Namespace, script);

    /// <summary>A namespace of what it has of a tenant.</summary>
    public async Task<string> AddCustomerAsync(string name)
    {
        string customer = $"{Namespace}-{name}";
        await AddNamespaceAsync(customer);
        return customer;
    }

    /// <summary>Lines for the shell, run in a namespace.</summary>
    public static Task<string> InAsync(string netns, string script) => Shell.RunAsync($"ip netns exec {netns} bash -ec '{script}'");

    /// <summary>Addresses of a tenant and the MAC on an interface, which is set up.</summary>
    public static Task ConfigureAsync(string netns, string link, Customer customer, int mtu) => Shell.RunAsync($"""
        ip -n {netns} link set {link} address {customer.Mac} mtu {mtu} up
        ip -n {netns} address add {customer.V4}/24 dev {link}
        ip -n {netns} address add {customer.V6}/64 dev {link} nodad
        """);

    public async ValueTask DisposeAsync()
    {
        foreach (string each in _namespaces)
        {
            await Shell.RunAsync($"ip netns del {each}", whatever: true);
        }

        _namespaces.Clear();
        await Shell.RunAsync($"ip -n {_fabric} link del x-{Name} 2>/dev/null", whatever: true);
    }

    private async Task AddNamespaceAsync(string name)
    {
        await Shell.RunAsync($"ip netns add {name}");
        _namespaces.Add(name);
        await Shell.RunAsync($"ip -n {name} link set lo up");
    }
}

/// <summary>What policy knows of an address behind a stranger.</summary>
/// <param name="Network">VM network, and its tenant.</param>
/// <param name="Number">Last part of its addresses and its MAC.</param>
/// <param name="ProviderAddress">The stranger's.</param>
internal sealed record Customer(string Network, int Number, string ProviderAddress)
{
    public IPAddress V4 => IPAddress.Parse($"10.0.0.{Number}");

    public IPAddress V6 => IPAddress.Parse($"2001:db8:1::{Number}");

    public string Mac => $"06:06:00:00:99:{Number}";

    /// <summary>The records of both addresses.</summary>
    public IEnumerable<string> Documents(uint vsid) => new[] { V4, V6 }.Select((address, i) =>
        $"kind: LookupRecord\nname: c{Number}-{i}\ntenant: {Network}\nvsid: {vsid}\ncustomerAddress: \"{address}\"\nmac: \"{Mac}\"\nproviderAddress: \"{ProviderAddress}\"");
}
