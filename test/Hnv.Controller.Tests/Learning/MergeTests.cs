using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Tests.Learning;

/// <summary>The merge alone: whatever comes in whatever order, all who merge come to the same.</summary>
public sealed class MergeTests
{
    private static readonly Guid s_network = Guid.Parse("11111111-2222-3333-4444-000000005001");

    [Fact]
    public void Merge_OfTheSameReportsInAnyOrderAndRepeated_IsTheSame()
    {
        var random = new Random(20);
        for (int round = 0; round < 300; round++)
        {
            (string Host, LearnedClaim Claim)[] claims =
            [
                .. Enumerable.Range(0, 12)
                    .Select(_ => random.Next(1, 4))
                    .Select(h => (h, Address: $"10.0.0.{random.Next(70, 73)}"))
                    .DistinctBy(static c => c)
                    .Select(c => ($"host{c.h}", new LearnedClaim(
                        5001, IPAddress.Parse(c.Address), new MacAddress((ulong)(0x060600000000 + c.h)), $"t/p{c.h}", AddressSource.Arp,
                        DateTimeOffset.UnixEpoch.AddSeconds(random.Next(2)), (uint)random.Next(1, 3), (uint)random.Next(1, 3)))),
            ];
            string expected = Merged(claims);
            for (int order = 0; order < 5; order++)
            {
                (string Host, LearnedClaim Claim)[] shuffled = [.. claims, .. claims.Take(random.Next(claims.Length))];
                random.Shuffle(shuffled);
                Assert.Equal(expected, Merged(shuffled));
            }
        }
    }

    [Theory]
    [InlineData(1, 2, 0, 1, 1, 0, true)]
    [InlineData(2, 1, 0, 1, 9, 0, true)]
    [InlineData(1, 1, 0, 1, 2, 0, false)]
    [InlineData(1, 1, 5, 1, 1, 6, true)]
    [InlineData(1, 1, 6, 1, 1, 5, false)]
    public void Beats_HigherVersionThenLongerHeld_Wins(uint epoch, uint counter, int at, uint otherEpoch, uint otherCounter, int otherAt, bool wins)
    {
        LearnedRecord one = Record("t/p1", epoch, counter, at), other = Record("t/p2", otherEpoch, otherCounter, otherAt);
        Assert.Equal((wins, !wins), (one.Beats(other), other.Beats(one)));
    }

    [Fact]
    public void Beats_AtAFullTie_IsDecidedAllTheSame()
    {
        LearnedRecord one = Record("t/p1", 1, 1, 0), other = Record("t/p2", 1, 1, 0);
        Assert.NotEqual(one.Beats(other), other.Beats(one));
    }

    private static LearnedRecord Record(string port, uint epoch, uint counter, int at) => new(
        new LearnedKey(5001, IPAddress.Loopback), default, port, "h", null, "h", AddressSource.Arp, DateTimeOffset.UnixEpoch.AddSeconds(at), epoch, counter, false);

    private static string Merged(IEnumerable<(string Host, LearnedClaim Claim)> claims)
    {
        var network = new LearnedNetwork(s_network, static () => s_state, TimeProvider.System, new StreamTurns(), static e => throw new InvalidOperationException("sending failed", e));
        foreach ((string host, LearnedClaim claim) in claims)
        {
            Assert.Empty(network.Merge(host, new LearnedBatch(s_network, [claim], []), repeated: false).Refused);
        }

        return string.Join('\n', network.Records().Select(static r => $"{r.Key} {r.Port} {r.Host} {r.Epoch}.{r.Counter} {r.LearnedAt.Ticks}").Order(StringComparer.Ordinal));
    }

    private static readonly CloudState s_state = CloudState.Empty with { Model = Model() };

    private static CloudModel Model()
    {
        CloudModel.Builder model = CloudModel.Empty.ToBuilder();
        model.Put(new VmNetwork { Tenant = "t", Name = "n", RoutingDomainId = s_network, Subnets = [new VirtualSubnet { Vsid = 5001, Prefixes = [IPNetwork.Parse("10.0.0.0/16")], Learning = LearningMode.Dynamic }] });
        for (int i = 1; i < 4; i++)
        {
            model.Put(new Model.Resources.Host { Name = $"host{i}", ProviderAddresses = [IPAddress.Parse($"192.168.4.{i}")] });
            model.Put(new Port { Tenant = "t", Name = $"p{i}", VmNetwork = "n", Vsid = 5001, Host = $"host{i}", Interface = $"v{i}", Mac = new MacAddress((ulong)(0x060600000000 + i)) });
        }

        return model.Build();
    }
}
