using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// What is to be forgotten is, also on a host that was away; what a port counted is not.
/// <code>
///   h1: m (a tap), a (its subnet learns)     h2: p, c
/// </code>
/// </summary>
public sealed class ForgetAndCarryTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]))
            .Vm("m", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"], device: LabDevice.Tap)
            .Vm("p", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"])
            .LearningNetwork("auto", 5501)
            .Guest("a", "h1", "auto", 5501, own: ["10.0.0.11/24", "2001:db8:1::11/64"])
            .Guest("c", "h2", "auto", 5501, own: ["10.0.0.12/24", "2001:db8:1::12/64"])
            .Build(),
        cancellationToken: Ct);

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }

    [Fact]
    public async Task APortThatMoves_GoesOnCounting_OverMovesAndTheEndOfAgents()
    {
        LabVm m = _lab.Vm("m"), p = _lab.Vm("p");
        for (int i = 0; i < 20; i++)
        {
            Assert.True(await p.CanPingAsync(m.Address4));
        }

        PortTraffic before = (await TrafficAsync("h1", m))!;
        Assert.True(before is { FromVmPackets: >= 20, ToVmPackets: >= 20 }, before.ToString());

        _ = await _lab.MoveAsync("m", "h2", Ct);
        await CountsAtLeastAsync("h2", m, before);

        await _lab.Host("h2").Agent.KillAsync(Ct);
        _lab.Host("h2").Agent.Start();
        await CountsAtLeastAsync("h2", m, before);

        Assert.True(await p.CanPingAsync(m.Address4));
        _ = await _lab.MoveAsync("m", "h1", Ct);
        await CountsAtLeastAsync("h1", m, before with { FromVmPackets = before.FromVmPackets + 1, ToVmPackets = before.ToVmPackets + 1 });
        Assert.Null(await TrafficAsync("h2", m));
    }

    [Fact]
    public async Task AnAddressThatWasForgotten_DoesNotComeBackFromAHostThatWasAway_UntilItsVmSaysItAgain()
    {
        LabVm a = _lab.Vm("a"), c = _lab.Vm("c");
        IPAddress address = IPAddress.Parse("10.0.0.61");
        (await a.ExecAsync("ip", "address", "replace", $"{address}/24", "dev", "eth0")).EnsureSuccess();
        await Announcements.SayAsync(a, address);
        await _lab.HeldAsync(a, address);
        await _lab.Host("h1").Agent.KillAsync(Ct);

        ForgetAnswer answer = await _lab.Client.ForgetAsync(a.Spec.First.Port.Split('/')[0], 5501, address, Ct);

        Assert.Equal(address, Assert.Single(answer.Forgotten).CustomerAddress);
        (await a.ExecAsync("ip", "address", "del", $"{address}/24", "dev", "eth0")).EnsureSuccess();
        _lab.Host("h1").Agent.Start();
        await _lab.ForgottenAsync(a, address);
        RecordEvent gone = (await _lab.EventsAsync(5501, address)).Last(static e => e.Event == RecordEventKind.Deleted);
        Assert.Equal("forgotten by admin: it counts when it is proved anew", gone.Note);

        (await a.ExecAsync("ip", "address", "replace", $"{address}/24", "dev", "eth0")).EnsureSuccess();
        await Announcements.SayAsync(a, address);
        await _lab.HeldAsync(a, address);
        Assert.True(await c.CanPingAsync(address));
    }

    private async Task<PortTraffic?> TrafficAsync(string host, LabVm vm) =>
        (await _lab.Client.KernelAsync<ImmutableArray<PortTraffic>>(host, HostQueries.Traffic, Ct)).FirstOrDefault(t => t.Port == vm.Spec.First.Port);

    private async Task CountsAtLeastAsync(string host, LabVm vm, PortTraffic before)
    {
        PortTraffic? now = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    now = await TrafficAsync(host, vm);
                }
                catch (HnvApiException)
                {
                    return false; // An agent that starts anew does not answer yet.
                }

                return now is not null && now.FromVmPackets >= before.FromVmPackets && now.ToVmPackets >= before.ToVmPackets;
            },
            $"{vm.Name} goes on counting on {host}", () => $"{now} after {before}");
    }
}
