using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Answers;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>
/// A VM that lies harms itself only: the others' traffic, to addresses of policy and to learned ones, on its host and on others, loses nothing,
/// every lie is counted at its port, and the events name it.
/// </summary>
[Collection<LearningCollection>]
public sealed class LiarTests(LearningLab fixture) : IAsyncLifetime
{
    private const string Name = "lies/liar";
    private static readonly MacAddress s_broadcast = new(0xffff_ffff_ffff);

    private ImmutableArray<NumberedFlow> _flows = [];
    private PacketSocket _adapter = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetworkLab Lab => fixture.Lab;

    private LabVm Liar => Lab.Vm("liar");

    private LabVm[] Others => [Lab.Vm("own1"), Lab.Vm("fixed"), Lab.Vm("own3")];

    private MacAddress Mac => Liar.Spec.First.Mac;

    public async ValueTask InitializeAsync()
    {
        _adapter = Liar.OpenPacketSocket();
        LabVm own1 = Lab.Vm("own1"), fixed2 = Lab.Vm("fixed"), own3 = Lab.Vm("own3");
        _flows = [.. await NumberedFlow.StartAllAsync(own1, own3), .. await NumberedFlow.StartAllAsync(fixed2, own3), .. await NumberedFlow.StartAllAsync(own1, fixed2)];
        foreach (LabVm vm in new[] { own1, own3 })
        {
            await Lab.HeldAsync(vm, vm.Address4);
            await Lab.HeldAsync(vm, vm.Address6);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NumberedFlow flow in _flows)
        {
            await flow.DisposeAsync();
        }

        _adapter?.Dispose();
        await Lab.ReplugAsync(Liar); // With what it claimed.
        await Eventually.TrueAsync(async () => (await ClaimsAsync()).Length == 0, "what the liar claimed is forgotten");
    }

    [Fact]
    public async Task ClaimsForOthersAddresses_TakeNothing_AndAreNamed()
    {
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        long seen = (await Lab.Client.EventsAsync(cancellationToken: Ct)).Revision;
        IPAddress[] fixedAddresses = [Lab.Vm("fixed").Address4, Lab.Vm("fixed").Address6, IPAddress.Parse("10.0.0.1"), IPAddress.Parse("2001:db8:1::1")];
        IPAddress[] learned = [Lab.Vm("own1").Address4, Lab.Vm("own1").Address6, Lab.Vm("own3").Address4, Lab.Vm("own3").Address6];
        const int rounds = 20;
        for (int round = 0; round < rounds; round++)
        {
            foreach (IPAddress address in fixedAddresses.Concat(learned))
            {
                _adapter.Send(Announcements.Of(address, Mac));
                _adapter.Send(Announcements.Of(address, Mac, reply: true));
            }

            await NumberedFlow.GoOnAsync(_flows, 5);
        }

        IReadOnlyDictionary<Verdict, long> added = (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, Name);
        Assert.True(added.GetValueOrDefault(Verdict.SourceCaMacMismatch) >= rounds * 2 * fixedAddresses.Length, string.Join(", ", added));
        Assert.True(added.GetValueOrDefault(Verdict.AddressProbed) >= learned.Length, string.Join(", ", added));
        AssertCounted(rounds * 2 * (fixedAddresses.Length + learned.Length), added);
        foreach (LabVm vm in new[] { Lab.Vm("own1"), Lab.Vm("own3") })
        {
            await Lab.HeldAsync(vm, vm.Address4);
            await Lab.HeldAsync(vm, vm.Address6);
        }

        Assert.Empty(await ClaimsAsync());
        await Eventually.TrueAsync(
            async () => (await EventsAsync(seen)).Select(e => e.CustomerAddress).Intersect(learned).Count() == learned.Length, "the events name the liar",
            () => string.Join(", ", learned.Select(a => a.ToString())));
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    [Fact]
    public async Task TenThousandClaims_FillNoMoreThanItsLimit_AndAreNamed()
    {
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        long seen = (await Lab.Client.EventsAsync(cancellationToken: Ct)).Revision;
        const int claims = 10_000;
        for (int i = 0; i < claims; i++)
        {
            _adapter.Send(Announcements.Of(i < 100 ? IPAddress.Parse($"10.0.0.{120 + i}") : IPAddress.Parse($"2001:db8:1::6:{i:x}"), Mac));
        }

        await NumberedFlow.GoOnAsync(_flows, 50);
        IReadOnlyDictionary<Verdict, long> added = (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, Name);
        Assert.True(added.GetValueOrDefault(Verdict.DynamicAddressThrottled) >= claims - 16, string.Join(", ", added));
        AssertCounted(claims, added);
        await Eventually.TrueAsync(async () => (await ClaimsAsync()).Length == 16, "the liar has its 16 addresses");
        foreach (string host in new[] { "h1", "h2", "h3" })
        {
            ImmutableArray<KernelRecord> records = await Lab.Client.KernelAsync<ImmutableArray<KernelRecord>>(host, HostQueries.Records, Ct);
            Assert.InRange(records.Count(r => r.Vsid == 5301 && r.Mac == Mac && r.Type == "Dynamic"), 0, 16);
        }

        await Eventually.TrueAsync(
            async () => (await EventsAsync(seen)).Select(e => e.Event).ToHashSet().IsSupersetOf([RecordEventKind.NearThreshold, RecordEventKind.Throttled]), "the events name the liar");
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    [Fact]
    public async Task AnArpStorm_IsCutAtThePortsLimit()
    {
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        const int questions = 10_000;
        for (int i = 0; i < questions; i++)
        {
            IPAddress nobody = IPAddress.Parse($"10.0.0.{120 + (i % 100)}");
            _adapter.Send(PacketBuilder.Ethernet(Mac, s_broadcast).Arp(new ArpPacket(ArpOperation.Request, Mac, Liar.Address4, default, nobody)).ToArray());
        }

        await NumberedFlow.GoOnAsync(_flows, 50);
        IReadOnlyDictionary<Verdict, long> added = (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, Name);
        Assert.True(added.GetValueOrDefault(Verdict.StormLimitExceeded) > 0, string.Join(", ", added));
        Assert.Equal(questions, added.GetValueOrDefault(Verdict.StormLimitExceeded) + added.GetValueOrDefault(Verdict.Flooded));
        Assert.Empty(await ClaimsAsync());
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    [Fact]
    public async Task MalformedDhcpAndNd_TeachNothing()
    {
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        var random = new Random(5301);
        LabVm target = Lab.Vm("own3");
        int sent = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] frame = (i % 4) switch
            {
                0 => Dhcp(random, IPAddress.Broadcast, s_broadcast, 67, 68),
                1 => Dhcp(random, target.Address4, target.Spec.First.Mac, 67, 68),
                2 => DhcpV6(random, target),
                _ => Announcements.Of(IPAddress.Parse($"2001:db8:1::7:{i:x}"), Mac),
            };
            // Cut short, or a few bytes behind the addresses wrong: of the kinds that a parser must survive.
            if (i % 4 == 3 || random.Next(2) == 0)
            {
                frame = frame[..random.Next(15, frame.Length)];
            }

            for (int n = random.Next(4); n > 0 && frame.Length > 60; n--)
            {
                frame[random.Next(56, frame.Length)] = (byte)random.Next(256);
            }

            _adapter.Send(frame);
            sent++;
        }

        await NumberedFlow.GoOnAsync(_flows, 50);
        AssertCounted(sent, (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, Name));
        Assert.True(Lab.Hosts.All(h => h.Agent.IsRunning));
        Assert.True((await ClaimsAsync()).Length <= 16);
        foreach (LabVm vm in Others.Where(v => v.Name != "fixed"))
        {
            await Lab.HeldAsync(vm, vm.Address4);
            await Lab.HeldAsync(vm, vm.Address6);
        }

        RecordView[] theirs = [.. (await Lab.Client.RecordsAsync("lies", Ct)).Items.Where(r => r.Type == "Dynamic" && r.Mac != Mac && !r.CustomerAddress.IsIPv6LinkLocal)];
        Assert.Equal(4, theirs.Length); // Nobody has another address by a server's word that makes no sense.
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    private byte[] Dhcp(Random random, IPAddress to, MacAddress mac, ushort from, ushort port)
    {
        byte[] message = new byte[300];
        random.NextBytes(message);
        (message[0], message[1], message[2]) = (2, 1, 6);
        return PacketBuilder.Ethernet(Mac, mac).IPv4(Liar.Address4, to).Udp(from, port).Payload(message).ToArray();
    }

    private byte[] DhcpV6(Random random, LabVm to)
    {
        byte[] message = new byte[120];
        random.NextBytes(message);
        message[0] = 7;
        return PacketBuilder.Ethernet(Mac, to.Spec.First.Mac).IPv6(Liar.Address6, to.Address6).Udp(547, 546).Payload(message).ToArray();
    }

    /// <summary>Every frame has its verdict; the VM's own kernel sends a few, too.</summary>
    private static void AssertCounted(long sent, IReadOnlyDictionary<Verdict, long> added) =>
        Assert.True(added.Values.Sum() >= sent, $"{sent} frames, and these verdicts: {string.Join(", ", added)}");

    private async Task<RecordView[]> ClaimsAsync() =>
        [.. (await Lab.Client.RecordsAsync("lies", Ct)).Items.Where(r => r.Mac == Mac && r.Type == "Dynamic" && !r.CustomerAddress.IsIPv6LinkLocal)];

    private async Task<RecordEvent[]> EventsAsync(long after) =>
        [.. (await Lab.Client.EventsAsync(cancellationToken: Ct)).Items.Where(e => e.Number > after && e.Port == Name)];
}
