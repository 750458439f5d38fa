using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>Agents and controllers that end in the middle of learning, and hosts that are cut off from each other.</summary>
[Collection<LearningCollection>]
public sealed class LearningFaultTests(LearningLab fixture) : IAsyncLifetime
{
    private const uint Vsid = 5401;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetworkLab Lab => fixture.Lab;

    private LabVm F1 => Lab.Vm("f1");

    private LabVm F2 => Lab.Vm("f2");

    private LabVm F3 => Lab.Vm("f3");

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        foreach (LabHost host in Lab.Hosts)
        {
            await JoinAsync(host.Name);
            if (!host.Agent.IsRunning)
            {
                host.Agent.Start();
            }
        }

        if (!Lab.Controller.IsRunning)
        {
            Lab.Controller.Start();
        }

        await Eventually.TrueAsync(() => Lab.Client.IsReadyAsync(Ct), "the controller is ready");
        await Lab.ReplugAsync(F1, F2, F3);
    }

    [Fact]
    public async Task AgentsKilledInTheMiddleOfLearning_LoseNothing_AndReportAllWhenTheyAreBack()
    {
        IPAddress[] all = [.. Enumerable.Range(100, 60).Select(i => IPAddress.Parse($"10.0.0.{i}"))];
        await TakeAsync(F1, all);
        using PacketSocket adapter = F1.OpenPacketSocket();
        foreach ((int i, IPAddress address) in all.Index())
        {
            if (i == 20)
            {
                await Task.WhenAll(Lab.Hosts.Select(h => h.Agent.KillAsync(Ct)));
            }

            adapter.Send(Announcements.Of(address, F1.Spec.First.Mac));
        }

        // Those from before, those from after: from everywhere, while no agent runs.
        foreach (IPAddress address in new[] { all[0], all[19], all[20], all[^1] })
        {
            Assert.True(await F2.CanPingAsync(address), $"f2 reaches {address}");
            Assert.True(await F3.CanPingAsync(address), $"f3 reaches {address}");
        }

        Assert.DoesNotContain(Lab.Hosts, h => h.Agent.IsRunning);
        foreach (LabHost host in Lab.Hosts)
        {
            host.Agent.Start();
        }

        await AllHaveAsync(F1, all);
        Assert.True(await F2.CanPingAsync(all[^1]));
    }

    [Fact]
    public async Task AControllerThatStartsAnew_LearnsWhatTheHostsKnow_AndTheyForgetNothing()
    {
        IPAddress before = IPAddress.Parse("10.0.0.171"), meanwhile = IPAddress.Parse("10.0.0.172");
        await TakeAsync(F1, before);
        await Announcements.SayAsync(F1, before);
        await Lab.HeldAsync(F1, before);
        RecordView known = (await Lab.RecordAsync(Vsid, before))!;
        await using var flow = new ServiceFlow(F3, before, F1);
        await flow.IsServedByAsync(F1);
        await Lab.Controller.KillAsync(Ct);
        await TakeAsync(F2, meanwhile);
        await Announcements.SayAsync(F2, meanwhile);
        Assert.True(await F3.CanPingAsync(meanwhile) && await F1.CanPingAsync(meanwhile), "a claim needs no controller");
        await flow.IsServedByAsync(F1);
        Lab.Controller.Start();
        await Eventually.TrueAsync(() => Lab.Client.IsReadyAsync(Ct), "the controller is ready again");
        await Lab.HeldAsync(F2, meanwhile);
        RecordView again = await Lab.HeldAsync(F1, before);
        Assert.Equal((known.Mac, known.Source, known.Host), (again.Mac, again.Source, again.Host));
        await flow.IsServedByAsync(F1);
    }

    [Fact]
    public async Task TwoClaimsOfHostsThatAreCutOff_LeaveOneWinnerOnAllHosts_AndTheLoserIsNamed()
    {
        IPAddress wanted = IPAddress.Parse("10.0.0.180");
        await Lab.Controller.KillAsync(Ct);
        foreach (LabHost host in Lab.Hosts)
        {
            await CutOffAsync(host.Name);
        }

        await TakeAsync(F1, wanted);
        await Announcements.SayAsync(F1, wanted);
        await TakeAsync(F2, wanted);
        await Announcements.SayAsync(F2, wanted);
        foreach (LabHost host in Lab.Hosts)
        {
            await JoinAsync(host.Name);
        }

        Lab.Controller.Start();
        await Eventually.TrueAsync(() => Lab.Client.IsReadyAsync(Ct), "the controller is ready");
        await Lab.HeldAsync(F1, wanted); // Equal versions: who had it first.
        RecordEvent? lost = null;
        await Eventually.TrueAsync(
            async () => (lost = (await Lab.EventsAsync(Vsid, wanted)).LastOrDefault(e => e.Event == RecordEventKind.ConflictLost)) is not null, "the loser is named");
        Assert.Equal(("h2", "hard/f2"), (lost!.Host, lost.Port));
        Assert.Equal(F2.Spec.First.Mac, lost.Mac);
        await using var flow = new ServiceFlow(F3, wanted, F1, F2);
        await flow.IsServedByAsync(F1);
        await Lab.HeldAsync(F1, wanted);
    }

    /// <summary>The VM has the addresses from now on, and has said nothing yet.</summary>
    private static async Task TakeAsync(LabVm vm, params IPAddress[] addresses)
    {
        foreach (IPAddress address in addresses)
        {
            (await vm.ExecAsync("ip", "address", "replace", $"{address}/24", "dev", "eth0")).EnsureSuccess();
        }
    }

    private async Task AllHaveAsync(LabVm holder, IPAddress[] addresses)
    {
        foreach (IPAddress address in addresses)
        {
            RecordView record = await Lab.HeldAsync(holder, address);
            Assert.Equal(AddressSource.Arp, record.Source);
        }
    }

    private Task CutOffAsync(string host) => SetIsolatedAsync(host, "on");

    private Task JoinAsync(string host) => SetIsolatedAsync(host, "off");

    /// <summary>Isolated ports of a bridge do not reach each other; the links stay up.</summary>
    private Task SetIsolatedAsync(string host, string how) =>
        FabricCommand.RunAsync(Lab, "bridge", "link", "set", "dev", $"{host}-up0", "isolated", how);
}
