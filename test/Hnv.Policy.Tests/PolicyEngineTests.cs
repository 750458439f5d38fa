using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Policy.Tests;

public sealed class PolicyEngineTests
{
    [Fact]
    public void Whatever_changes_in_whatever_order_every_host_is_told_exactly_what_a_full_recompute_says()
    {
        int accepted = 0;
        int refused = 0;
        Prop.ForAll(RandomCloud.Histories, history =>
        {
            var engine = new PolicyEngine();
            Replica[] replicas = [.. RandomCloud.Hosts.Select(static h => new Replica(h))];
            PolicyInput input = PolicyInput.Empty;
            foreach (Wish[] step in history.Prepend(RandomCloud.Everything()))
            {
                ChangeSet wishes = new([.. step.Select(RandomCloud.Change)]);
                ValidationOutcome outcome = ModelValidator.Validate(input.Model, wishes);
                if (outcome.Findings.Any(IsOfThePolicy))
                {
                    refused++;
                    continue;
                }

                accepted++;
                input = Next(input, outcome.Next, wishes);
                PolicyChange change = engine.Apply(input, [.. outcome.Changes.Select(static c => c.Id)]);
                foreach (Replica replica in replicas)
                {
                    replica.Apply(change);
                    AssertEqualsRecompute(input, engine.Current, replica);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
        Assert.True(accepted > 500 && refused > 100, $"The histories are of little worth: {accepted} steps accepted, {refused} refused.");
    }

    [Fact]
    public void Apply_OnePortOfTenThousandMoves_LooksAtFewKeysAndAtEveryHostOfTheNetwork()
    {
        PolicyInput input = BigNetwork(hosts: 50, ports: 10_000);
        var engine = new PolicyEngine();
        engine.Apply(input, [.. input.Model.All.Select(static r => r.Id)]);
        Port port = input.Model.FindPort("t", "p77")!;
        PolicyInput next = input with { Model = input.Model.With(port with { Host = "h3" }).AtRevision(2) };

        PolicyChange change = engine.Apply(next, [port.Id]);

        Assert.Equal(50, change.Hosts.Count);
        Guid network = Assert.Single(input.Model.VmNetworks).RoutingDomainId;
        Assert.All(change.Hosts.Values, h => Assert.InRange(h.Keys(network).Count(), 1, 4));
        Assert.Equal(2, change.After.Revision);
    }

    [Fact]
    public void Apply_HostsOfBothFamilies_ToldThePeerInTheirOwnFamily()
    {
        CloudModel model = CloudModel.Empty
            .With(Host("four", "192.168.4.1"))
            .With(Host("six", "fd00::1"))
            .With(Host("both", "192.168.4.2", "fd00::2"))
            .With(Network())
            .With(Port("a", "four", "10.0.0.5")).With(Port("b", "six", "10.0.0.6")).With(Port("c", "both", "10.0.0.7"));
        var input = new PolicyInput(model, ImmutableDictionary<ResourceId, uint>.Empty);
        var engine = new PolicyEngine();

        engine.Apply(input, [.. model.All.Select(static r => r.Id)]);

        Assert.Equal("192.168.4.2", ProviderAddressOf(engine, "four", "10.0.0.7"));
        Assert.Equal("fd00::2", ProviderAddressOf(engine, "six", "10.0.0.7"));
        Assert.Equal("192.168.4.1", ProviderAddressOf(engine, "six", "10.0.0.5"));
    }

    [Theory]
    [InlineData(false, "0.0.0.0/0 10.0.0.7 5")]
    [InlineData(true, "0.0.0.0/0 10.0.0.7 5", "0.0.0.0/0 10.0.1.9 20")]
    public void Apply_RoutesOfOnePrefix_TellsTheOneWithTheLowestMetric_OfTheNetworkOrOfEachSubnet(bool external, params string[] told)
    {
        CustomerRoute Route(string nextHop, uint metric) => new() { Prefix = IPNetwork.Parse("0.0.0.0/0"), NextHop = IPAddress.Parse(nextHop), Metric = metric };
        VmNetwork network = Network() with
        {
            UseExternalRouter = external,
            Subnets = [.. Network().Subnets, Network().Subnets[0] with { Vsid = 5002, Prefixes = [IPNetwork.Parse("10.0.1.0/24")] }],
            Routes = [Route("10.0.0.6", 10), Route("10.0.1.8", 30), Route("10.0.0.7", 5), Route("10.0.1.9", 20)],
        };
        CloudModel model = CloudModel.Empty.With(Host("h1", "192.168.4.1")).With(network).With(Port("a", "h1", "10.0.0.5"));
        var engine = new PolicyEngine();

        engine.Apply(new PolicyInput(model, ImmutableDictionary<ResourceId, uint>.Empty), [.. model.All.Select(static r => r.Id)]);

        Assert.Equal(told, engine.Current.Content("h1", s_network)!.Items.OfType<RouteItem>().Where(static r => r.NextHop is not null).OrderBy(static r => r.Metric).Select(static r => $"{r.Prefix} {r.NextHop} {r.Metric}"));
    }

    [Fact]
    public void The_cloud_that_random_histories_begin_with_is_valid() =>
        Assert.Empty(ModelValidator.Validate(CloudModel.Empty, new([.. RandomCloud.Everything().Select(RandomCloud.Change)])).Findings.Where(IsOfThePolicy));

    /// <summary>Policy handles provider addresses of both families, whether or not validation lets them in yet.</summary>
    private static bool IsOfThePolicy(Finding finding) => !finding.Problem.Contains("IPv4 in this version", StringComparison.Ordinal);

    [Fact]
    public void Apply_SubnetBeginsToLearn_TellsItsHostsOfMembersAndLimits()
    {
        CloudModel model = CloudModel.Empty.With(Host("h1", "192.168.4.1")).With(Host("h2", "192.168.4.2")).With(Network())
            .With(Port("a", "h1", "10.0.0.5")).With(Port("b", "h2", "10.0.0.6") with { Learning = LearningMode.Static });
        var input = new PolicyInput(model, ImmutableDictionary<ResourceId, uint>.Empty);
        var engine = new PolicyEngine();
        engine.Apply(input, [.. model.All.Select(static r => r.Id)]);
        VmNetwork learning = Network() with { Subnets = [Network().Subnets[0] with { Learning = LearningMode.Dynamic }] };
        Assert.DoesNotContain(engine.Current.Content("h1", s_network)!.Items, i => i is MemberItem or PortItem { LearnLimit: > 0 });

        engine.Apply(input with { Model = model.With(learning) }, [learning.Id]);

        IHostContent content = engine.Current.Content("h1", s_network)!;
        Assert.Equal(
            [("t/a", "192.168.4.1", true), ("t/b", "192.168.4.2", false)],
            content.Items.OfType<MemberItem>().OrderBy(m => m.Port, StringComparer.Ordinal).Select(m => (m.Port, m.ProviderAddress!.ToString(), m.Learns)));
        Assert.Equal((16u, LearningSources.All), content.Items.OfType<PortItem>().Select(p => (p.LearnLimit, p.LearnSources)).Single());
        Assert.Equal(LearningMode.Dynamic, content.Items.OfType<SubnetItem>().Single().Learning);
    }

    private static string? ProviderAddressOf(PolicyEngine engine, string host, string customerAddress) =>
        ((RecordItem?)engine.Current.Content(host, s_network)?.Find(RecordItem.KeyOf(5001, IPAddress.Parse(customerAddress))))?.ProviderAddress?.ToString();

    private static readonly Guid s_network = new("11111111-2222-3333-4444-000000005001");

    private static PolicyInput Next(PolicyInput input, CloudModel model, ChangeSet wishes)
    {
        ImmutableDictionary<ResourceId, uint> numbers = input.PortNumbers;
        foreach (ResourceChange change in wishes.Changes.Where(static c => c.Id.Kind == ResourceKind.Port))
        {
            numbers = change.Resource is null
                ? numbers.Remove(change.Id)
                : numbers.ContainsKey(change.Id) ? numbers : numbers.Add(change.Id, (uint)model.Revision + 1);
        }

        return new PolicyInput(model.AtRevision(input.Model.Revision + 1), numbers);
    }

    private static void AssertEqualsRecompute(PolicyInput input, PolicySnapshot snapshot, Replica replica)
    {
        ImmutableDictionary<Guid, ImmutableDictionary<string, PolicyItem>> expected = HostPolicyView.Compute(input, replica.Host);
        string wanted = Replica.Dump(expected.ToDictionary(static n => n.Key, static n => n.Value.Values));
        Assert.Equal(wanted, replica.Dump());
        Assert.Equal(expected.Keys.Order(), snapshot.Present(replica.Host).Order());
        foreach ((Guid id, ImmutableDictionary<string, PolicyItem> items) in expected)
        {
            IHostContent content = snapshot.Content(replica.Host, id)!;
            Assert.Equal(items.Values.Aggregate(default(PolicyDigest), static (d, i) => d.Add(i)), content.Digest);
            Assert.Equal(items.Count, content.Count);
            Assert.Equal(items.Keys.Order(StringComparer.Ordinal), content.Items.Select(static i => i.Key).Order(StringComparer.Ordinal));
        }
    }

    private static PolicyInput BigNetwork(int hosts, int ports)
    {
        CloudModel.Builder builder = CloudModel.Empty.ToBuilder();
        for (int i = 0; i < hosts; i++)
        {
            builder.Put(Host($"h{i}", $"192.168.4.{i + 1}"));
        }

        builder.Put(Network("10.0.0.0/8"));
        for (int i = 0; i < ports; i++)
        {
            builder.Put(Port($"p{i}", $"h{i % hosts}", $"10.1.{i / 250}.{i % 250 + 2}"));
        }

        CloudModel model = builder.At(1).Build();
        return new PolicyInput(model, model.Ports.Select(static (p, i) => (p.Id, i)).ToImmutableDictionary(static p => p.Id, static p => (uint)p.i + 1));
    }

    private static Host Host(string name, params string[] addresses) =>
        new() { Name = name, ProviderAddresses = [.. addresses.Select(IPAddress.Parse)] };

    private static VmNetwork Network(string prefix = "10.0.0.0/24") => new()
    {
        Name = "n",
        Tenant = "t",
        RoutingDomainId = s_network,
        Subnets = [new VirtualSubnet { Vsid = 5001, Prefixes = [IPNetwork.Parse(prefix)] }],
    };

    private static Port Port(string name, string host, string address) => new()
    {
        Name = name,
        Tenant = "t",
        VmNetwork = "n",
        Vsid = 5001,
        Host = host,
        Interface = $"v{name}",
        Mac = new MacAddress(0x060000000000 + (ulong)(uint)name.GetHashCode(StringComparison.Ordinal)),
        Addresses = [IPAddress.Parse(address)],
    };
}
