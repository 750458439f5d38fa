using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// The kernel forwards whether the agent lives or not; the agent works whether the controller lives or not.
/// <code>
///   h1: b1, b3     h2: b2
/// </code>
/// </summary>
public sealed class FailStaticTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;
    private ImmutableArray<NumberedFlow> _flows = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private LabVm B1 => _lab.Vm("b1");

    private LabVm B2 => _lab.Vm("b2");

    private LabVm B3 => _lab.Vm("b3");

    private LabHost H1 => _lab.Host("h1");

    public async ValueTask InitializeAsync() => _lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"]).Vm("b2", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"])
            .Vm("b3", "h1", "blue", 5001, ["10.0.0.8", "2001:db8:1::8"]).Build(),
        cancellationToken: Ct);

    public async ValueTask DisposeAsync()
    {
        foreach (NumberedFlow flow in _flows)
        {
            await flow.DisposeAsync();
        }

        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }

    [Fact]
    public async Task AnAgentKilledUnderTraffic_LosesNoPacket_AndNewConnectionsWorkWhileNoneRuns()
    {
        await StartFlowsAsync();
        await H1.Agent.KillAsync(Ct);
        await NumberedFlow.GoOnAsync(_flows);

        // A guest that knows nothing: neither neighbours nor that 1500 bytes are too many.
        foreach (LabVm vm in new[] { B1, B2 })
        {
            await ForgetAsync(vm);
        }

        await Transfer.AssertArrivesAsync(B1, B2, B2.Address4);
        await ForgetAsync(B1);
        await Transfer.AssertArrivesAsync(B1, B2, B2.Address6);
        await Transfer.AssertArrivesAsync(B1, B3, B3.Address4);
        Assert.False(H1.Agent.IsRunning);

        await StartAndAdoptAsync();
        await NumberedFlow.GoOnAsync(_flows);
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    [Fact]
    public Task AnAgentKilledAgainAndAgain_AtAnyMoment_LosesNoPacket() => KillAgainAndAgainAsync(20);

    [Fact]
    [Trait("Category", "Soak")]
    public Task AnAgentKilledAThousandTimes_AtAnyMoment_LosesNoPacket() => KillAgainAndAgainAsync(1000);

    [Fact]
    public async Task WithoutController_TrafficGoesOn_AndWhatChangedMeanwhileIsRealisedWhenItIsBack()
    {
        _flows = await NumberedFlow.StartAllAsync(B1, B2);
        await _lab.Controller.KillAsync(Ct);
        await NumberedFlow.GoOnAsync(_flows);
        await ForgetAsync(B1);
        await Transfer.AssertArrivesAsync(B1, B2, B2.Address4, 1 << 20);
        Assert.All(_lab.Hosts, h => Assert.True(h.Agent.IsRunning));

        // The agents must not hear of the change as it is made: they sleep until the controller has it.
        foreach (LabHost host in _lab.Hosts)
        {
            host.Agent.Freeze();
        }

        _lab.Controller.Start();
        await Eventually.TrueAsync(() => _lab.Client.IsReadyAsync(Ct), "the controller is ready");
        long revision = await _lab.ApplyAsync(TextOf(B3, "10.0.0.88", "2001:db8:1::88"));
        await _lab.Controller.KillAsync(Ct);
        foreach (LabHost host in _lab.Hosts)
        {
            host.Agent.Thaw();
        }

        await NumberedFlow.GoOnAsync(_flows);
        _lab.Controller.Start();
        await Eventually.TrueAsync(() => _lab.Client.IsReadyAsync(Ct), "the controller is ready again");
        await _lab.ConvergeAsync(revision, Ct);
        Assert.True(await Connected("h1") && await Connected("h2"));
        (await B3.ExecAsync("ip", "address", "replace", "10.0.0.88/24", "dev", "eth0")).EnsureSuccess();
        Assert.Equal(0, (await B3.ExecAsync("ping", "-n", "-c", "1", "-W", "5", "-I", "10.0.0.88", B2.Address4.ToString())).ExitCode);
        Assert.NotEqual(0, (await B3.ExecAsync("ping", "-n", "-c", "1", "-W", "1", "-I", "10.0.0.8", B2.Address4.ToString())).ExitCode);
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }

    [Fact]
    public async Task AHostBootedWithoutController_ForwardsByItsCache()
    {
        // Wait until what is realised is on disk, too.
        string cache = Path.Combine(H1.Directory, "policy");
        await Eventually.TrueAsync(() => Directory.Exists(cache) && Directory.GetFiles(cache).Length > 0, "the policy is on disk");
        await H1.Agent.StopAsync(Ct);
        await _lab.Controller.KillAsync(Ct);
        ForgetKernelState(H1);
        Assert.False(await B2.CanPingAsync(B1.Address4, tries: 1));

        H1.RepairUplinks();
        B1.Plug();
        B3.Plug();
        Assert.False(await B2.CanPingAsync(B1.Address4, tries: 1), "before the agent runs nothing is guarded and nothing flows");
        H1.Agent.Start();
        foreach (LabVm vm in new[] { B1, B3 })
        {
            Assert.True(await B2.CanPingAsync(vm.Address4, tries: 30) && await B2.CanPingAsync(vm.Address6, tries: 10), $"b2 reaches {vm.Name}");
        }

        await Transfer.AssertArrivesAsync(B1, B2, B2.Address4, 1 << 20);
        await Transfer.AssertArrivesAsync(B2, B1, B1.Address6, 1 << 20);
        Assert.True(await B1.CanPingAsync(B3.Address4));
        Assert.False(_lab.Controller.IsRunning);
        _lab.Controller.Start();
        await Eventually.TrueAsync(() => _lab.Client.IsReadyAsync(Ct), "the controller is ready");
        await _lab.ConvergeAsync(0, Ct);
    }

    private static string TextOf(LabVm vm, params string[] addresses) =>
        PolicyText.PortText(vm.Name, "blue", vm.Spec.First.Vsid, vm.Spec.Host, vm.Spec.First.HostInterface, vm.Spec.First.Mac.ToString(), addresses);

    /// <summary>What a reboot takes: interfaces with their programs, and the BPF file system with the pins. The files stay.</summary>
    private static void ForgetKernelState(LabHost host)
    {
        using (Rtnetlink links = host.OpenNetlink())
        {
            foreach (LinkInfo link in links.GetLinks().Where(l => l.Name != "lo"))
            {
                _ = links.DeleteLink(link.Index);
            }
        }

        BpfFileSystem.Unmount(Path.Combine(host.Directory, "bpf"));
    }

    /// <summary>A guest's memory of neighbours and path MTUs.</summary>
    private static async Task ForgetAsync(LabVm vm)
    {
        foreach (string family in new[] { "-4", "-6" })
        {
            (await vm.ExecAsync("ip", family, "neigh", "flush", "all")).EnsureSuccess();
            (await vm.ExecAsync("ip", family, "route", "flush", "cache")).EnsureSuccess();
        }
    }

    private async Task StartFlowsAsync() => _flows = [.. await NumberedFlow.StartAllAsync(B1, B2), .. await NumberedFlow.StartAllAsync(B1, B3)];

    private async Task StartAndAdoptAsync()
    {
        H1.Agent.Start();
        await Eventually.TrueAsync(() => Connected("h1"), "the agent is connected again");
        await _lab.ConvergeAsync(0, Ct);
        Assert.Contains("Found a working data plane", await File.ReadAllTextAsync(H1.Agent.LogFile, Ct), StringComparison.Ordinal);
    }

    private async Task<bool> Connected(string host)
    {
        JsonElement? found = await _lab.Client.GetAsync(new ResourceId(ResourceKind.Host, null, host), Ct);
        return found is { } document && document.TryGetProperty("status", out JsonElement status) && status.GetProperty("connected").GetBoolean();
    }

    private async Task KillAgainAndAgainAsync(int rounds)
    {
        await StartFlowsAsync();
        var moment = new Random(20);
        for (int round = 0; round < rounds; round++)
        {
            if (!H1.Agent.IsRunning)
            {
                H1.Agent.Start();
            }

            if (round % 4 == 3)
            {
                await _lab.ConvergeAsync(0, Ct);
            }
            else
            {
                // Anywhere in its start: the moment is what varies, nothing waits for it.
                await Task.Delay(moment.Next(1200), Ct);
            }

            await H1.Agent.KillAsync(Ct);
        }

        await NumberedFlow.GoOnAsync(_flows);
        await StartAndAdoptAsync();
        await NumberedFlow.GoOnAsync(_flows);
        await NumberedFlow.AssertNothingLostAsync(_flows);
        await Transfer.AssertArrivesAsync(B1, B2, B2.Address4, 1 << 20);
    }
}
