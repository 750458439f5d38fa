using System.Net;
using Hnv.Agent.Network;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Linux;
using Hnv.Linux.Netlink;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>Provider routes on a real kernel: which way packets from a provider address take, and nobody else's. Needs root.</summary>
public sealed class ProviderRouteTests : IDisposable
{
    private static readonly ProviderRouteItem s_default = new(IPNetwork.Parse("0.0.0.0/0"), IPAddress.Parse("192.168.4.1"), null, 10);
    private static readonly ProviderRouteItem s_better = new(IPNetwork.Parse("10.77.0.0/16"), IPAddress.Parse("192.168.4.2"), "up0", 0);
    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Routes_LeadPacketsFromTheProviderAddressAndNobodyElse_OutliveTheAgent_AndGoWithPolicy()
    {
        _host.Route.AddAddress(_host.Route.GetLink("up0").Index, IPAddress.Parse("172.31.0.1"), 24); // The host's own, beside the provider address.
        _host.Route.AddRoute(new RouteSpec(IPNetwork.Parse("0.0.0.0/0")) { Gateway = IPAddress.Parse("172.31.0.254") });
        _host.Policy(10, Peer("10.77.1.1"));
        Say(s_default, s_better);
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 10 && Next("10.77.1.1", "192.168.4.11") == "192.168.4.2", "the routes are there");

        Assert.Equal("192.168.4.1", Next("10.1.1.1", "192.168.4.11"));
        Assert.Null(Next("192.168.4.22", "192.168.4.11")); // On-link, whatever the default route.
        Assert.Equal("172.31.0.254", Next("10.77.1.1", "172.31.0.1"));
        Assert.Equal("172.31.0.254", Next("10.1.1.1", null));
        Assert.Contains(_host.Dataplane.ReadPeers(), static p => p.Key.ToString() == "10.77.1.1" && p.Value.Uplink != 0);

        _host.Kill();
        Assert.Equal("192.168.4.2", Next("10.77.1.1", "192.168.4.11"));
        _host.Start();
        _host.Policy(11, Peer("10.77.1.1"));
        Say(s_default);
        await _host.UntilAsync(() => Next("10.77.1.1", "192.168.4.11") == "192.168.4.1", "what policy no longer says is gone");

        _host.Core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 2), [new ItemChange(s_default, null)]));
        await _host.UntilAsync(() => Ours().Length == 0, "nothing of it is left");
        Assert.Equal("172.31.0.254", Next("10.77.1.1", "192.168.4.11"));
    }

    [Fact]
    public async Task Routes_OfIPv6_AreOfTheFamilyOfTheAddressAndStandOnce()
    {
        _host.Route.AddAddress(_host.Route.GetLink("up0").Index, IPAddress.Parse("fd00:4::11"), 64, AddressFlags.NoDuplicateDetection);
        _host.Policy(10, Peer());
        _host.Core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("fd00:4::11", 1)), new ItemChange(null, new ProviderRouteItem(IPNetwork.Parse("::/0"), IPAddress.Parse("fd00:4::1"), null, 0))]));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 10 && Ours().Length == 3, "rule, on-link route and default route are there");

        Assert.Equal("fd00:4::1", Next("2001:db8::1", "fd00:4::11"));
        Assert.Null(Next("fd00:4::22", "fd00:4::11"));
        RouteInfo[] before = [.. Ours().OfType<RouteInfo>()];
        _host.Kill();
        _host.Start();
        _host.Policy(11, Peer());
        _host.Core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("fd00:4::11", 1)), new ItemChange(null, new ProviderRouteItem(IPNetwork.Parse("::/0"), IPAddress.Parse("fd00:4::1"), null, 0))]));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "the new agent is in sync");
        Assert.Equal(before, Ours().OfType<RouteInfo>());
    }

    [Theory]
    [InlineData("192.168.4.11", "192.168.4.12", 24, "192.168.4.1", "0.0.0.0/0")]
    [InlineData("fd00:4::11", "fd00:4::12", 64, "fd00:4::1", "::/0")]
    public async Task Routes_OfTwoUplinksInOneNetwork_StandBesideEachOther_AndFurtherPassesChangeNothing(string first, string second, int length, string hop, string prefix)
    {
        using var host = new KernelHost("up1");
        using LinkMonitor monitor = host.Namespace.Run(static () => new LinkMonitor());
        foreach ((string uplink, string address) in ((string, string)[])[("up0", first), ("up1", second)])
        {
            if (address != "192.168.4.11") // It is there.
            {
                host.Route.AddAddress(host.Route.GetLink(uplink).Index, IPAddress.Parse(address), length, AddressFlags.NoDuplicateDetection);
            }
        }

        host.Policy(10, Peer());
        host.Core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa(first)), new ItemChange(null, Pa(second, 1)), new ItemChange(null, new ProviderRouteItem(IPNetwork.Parse(prefix), IPAddress.Parse(hop), null, 0))]));
        await host.UntilAsync(() => host.Core.State.RealisedRevision == 10 && host.Route.GetRoutes(ProviderRoutes.Table).Count == 3, "both on-link routes and the default route are there");
        int[] uplinks = [host.Route.GetLink("up0").Index, host.Route.GetLink("up1").Index];
        Assert.Equal(uplinks, host.Route.GetRoutes(ProviderRoutes.Table).Where(static r => r.Gateway is null).OrderBy(static r => r.Metric).Select(static r => r.InterfaceIndex));

        RouteSpec passes = new(IPNetwork.Parse("203.0.113.1/32")) { InterfaceIndex = uplinks[0] }, end = new(IPNetwork.Parse("203.0.113.2/32")) { InterfaceIndex = uplinks[0] };
        host.Route.AddRoute(passes);
        for (int i = 0; i < 2; i++)
        {
            host.Core.OnUpdate(new NetworkEvent.RulesChanged()); // It looks at everything again.
            host.Core.Apply();
        }

        host.Route.AddRoute(end);
        List<RouteInfo> told = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        await foreach (NetworkEvent e in monitor.ReadAllAsync(limit.Token))
        {
            if (e is NetworkEvent.RouteChanged { Route: var route })
            {
                told.Add(route);
                if (route.Destination.Equals(end.Destination))
                {
                    break;
                }
            }
        }

        Assert.DoesNotContain(told.SkipWhile(r => !r.Destination.Equals(passes.Destination)), static r => r.Table == ProviderRoutes.Table);
    }

    [Fact]
    public async Task Routes_ThatSomebodyRemoves_ComeBack()
    {
        _host.Policy(10, Peer());
        Say(s_better);
        await _host.UntilAsync(() => Next("10.77.1.1", "192.168.4.11") == "192.168.4.2", "the route is there");

        _host.Route.DeleteRule(_host.Route.GetRules().Single(static r => r.Table == ProviderRoutes.Table));
        await _host.UntilAsync(() => Next("10.77.1.1", "192.168.4.11") == "192.168.4.2", "the rule is back");
        RouteInfo route = _host.Route.GetRoutes().Single(static r => r.Destination.Equals(s_better.Prefix));
        _host.Route.DeleteRoute(new RouteSpec(route.Destination) { Table = route.Table, Protocol = route.Protocol });
        await _host.UntilAsync(() => Next("10.77.1.1", "192.168.4.11") == "192.168.4.2", "the route is back");
    }

    [Fact]
    public async Task Route_ThatCannotBe_IsAProblemAndHoldsTheRevisionBack()
    {
        _host.Policy(10, Peer());
        Say(new ProviderRouteItem(IPNetwork.Parse("10.77.0.0/16"), IPAddress.Parse("10.99.0.1"), null, 0), new ProviderRouteItem(IPNetwork.Parse("10.78.0.0/16"), null, "eth7", 0));
        await _host.UntilAsync(() => _host.Core.State.Problems.Length >= 2, "both are told");

        Assert.Contains(_host.Core.State.Problems, static p => p.Contains("next hop 10.99.0.1 is in the network of no provider address", StringComparison.Ordinal));
        Assert.Contains(_host.Core.State.Problems, static p => p.Contains("eth7 is not an uplink", StringComparison.Ordinal));
        Assert.Equal(0, _host.Core.State.RealisedRevision);
    }

    [Fact]
    public async Task RemoveAll_LeavesWhatOthersMade()
    {
        _host.Policy(10, Peer());
        Say(s_default);
        await _host.UntilAsync(() => Ours().Length > 0, "the routes are there");
        var foreign = new RuleInfo(IPNetwork.Parse("192.168.4.11/32"), 100, 100, 4);
        _host.Route.AddRule(foreign);

        ProviderRoutes.RemoveAll(new RtnetlinkView(_host.Route));

        Assert.Empty(Ours());
        Assert.Contains(foreign, _host.Route.GetRules());
    }

    private void Say(params ProviderRouteItem[] routes) =>
        _host.Core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [.. routes.Select(static r => new ItemChange(null, r))]));

    /// <summary>Null: straight, or not at all.</summary>
    private string? Next(string to, string? from)
    {
        try
        {
            return _host.Route.GetRoute(IPAddress.Parse(to), from is null ? null : IPAddress.Parse(from)).Gateway?.ToString();
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENETUNREACH)
        {
            return null;
        }
    }

    private object[] Ours() =>
    [
        .. _host.Route.GetRoutes().Where(static r => r.Table == ProviderRoutes.Table),
        .. _host.Route.GetRules().Where(static r => r.Table == ProviderRoutes.Table),
    ];
}
