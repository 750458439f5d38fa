using System.Text.Json;
using Hnv.Lab.Reachability;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// A VM moves to a host where its network was not present, while it talks.
/// <code>
///   h1: m (a tap), v (a veth)     h2: nobody     h3: p
/// </code>
/// </summary>
public sealed class MigrationTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static LabTopology Topology => new LabBuilder().Hosts("h1", "h2", "h3").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]))
        .Vm("m", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"], device: LabDevice.Tap)
        .Vm("v", "h1", "blue", 5001, ["10.0.0.6", "2001:db8:1::6"])
        .Vm("p", "h3", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"]).Build();

    public async ValueTask InitializeAsync() => _lab = await NetworkLab.StartAsync(Topology, cancellationToken: Ct);

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
        {
            await _lab.DisposeAsync();
        }
    }

    [Fact]
    public async Task AVmThatMovesUnderTraffic_LosesNothingAfterTheSwitch_AndKeepsItsConnections()
    {
        LabVm m = _lab.Vm("m"), p = _lab.Vm("p");
        Task bulk = Transfer.AssertArrivesAsync(p, m, m.Address6, 4 * Transfer.Bulk);

        MoveMeasurement there = await MoveMeasurement.RunAsync(_lab, "m", "p", "h2", cancellationToken: Ct);

        await bulk;
        AssertLostOnlyMeanwhile(there);
        Assert.Equal(("h2", false), await PlaceAsync("m"));
        await AssertNothingIsLostAsync("m", "p");
        Assert.All(await ReachabilityProbe.RunAsync(_lab, cancellationToken: Ct), static r => Assert.True(r.AsExpected, r.ToString()));

        // Back, where its old neighbour still is.
        AssertLostOnlyMeanwhile(await MoveMeasurement.RunAsync(_lab, "m", "v", "h1", v6: true, cancellationToken: Ct));
        await AssertNothingIsLostAsync("m", "v");
    }

    [Fact]
    public async Task AVmThatMovesWhileTheAgentsOfTheOthersAreDead_IsReachedByThem()
    {
        long revision = await PrepareAsync("m", "h2");
        await _lab.ConvergeAsync(revision, Ct);
        await _lab.Host("h1").Agent.KillAsync(Ct);
        await _lab.Host("h3").Agent.KillAsync(Ct);

        AssertLostOnlyMeanwhile(await MoveMeasurement.RunAsync(_lab, "m", "p", "h2", cancellationToken: Ct));

        await AssertNothingIsLostAsync("m", "p");
        Assert.True(await _lab.Vm("v").CanPingAsync(_lab.Vm("m").Address4)); // From the host that it left.
        Assert.False(_lab.Host("h1").Agent.IsRunning || _lab.Host("h3").Agent.IsRunning);

        _lab.Host("h1").Agent.Start();
        _lab.Host("h3").Agent.Start();
        await _lab.ConvergeAsync(revision + 1, Ct);
        await AssertNothingIsLostAsync("m", "p");
        await AssertNothingIsLostAsync("m", "v");
    }

    [Fact]
    public async Task AVmWhoseCableIsMoved_IsReachedWhereItIs_AndStaysThereWhenTheLabIsMended()
    {
        _ = await _lab.MoveAsync("v", "h2", Ct);
        await AssertNothingIsLostAsync("v", "p");

        await _lab.UpAsync(Topology, null, Ct);

        Assert.Equal(("h2", false), await PlaceAsync("v"));
        await AssertNothingIsLostAsync("v", "m");
    }

    [Fact]
    public async Task AMoveThatIsCancelled_LeavesTheVmWhereItIs()
    {
        await _lab.ConvergeAsync(await PrepareAsync("m", "h2"), Ct);
        JsonElement port = await _lab.Client.CancelPortMoveAsync(IdOf("m"), Ct);
        await _lab.ConvergeAsync(port.GetProperty("revision").GetInt64(), Ct);

        Assert.Equal(("h1", false), await PlaceAsync("m"));
        await AssertNothingIsLostAsync("m", "p");
    }

    /// <summary>Where the controller has it, and whether it is about to move.</summary>
    private async Task<(string? Host, bool Moves)> PlaceAsync(string vm)
    {
        JsonElement port = (await _lab.Client.GetAsync(IdOf(vm), Ct))!.Value;
        return (port.GetProperty("host").GetString(), port.TryGetProperty("migratingTo", out _));
    }

    private async Task<long> PrepareAsync(string vm, string host) =>
        (await _lab.Client.MigratePortAsync(IdOf(vm), host, cancellationToken: Ct)).GetProperty("revision").GetInt64();

    private ResourceId IdOf(string vm) => _lab.Vm(vm).Spec.First.Port.Split('/') is [var tenant, var name] ? new ResourceId(ResourceKind.Port, tenant, name) : default!;

    private static void AssertLostOnlyMeanwhile(MoveMeasurement measured) =>
        Assert.True(
            measured.LastLostMs is null || measured.LastLostMs < measured.Move.Completed.TotalMilliseconds,
            $"The last datagram that was lost was sent {measured.LastLostMs} ms after the switch; the move was complete after {measured.Move.Completed.TotalMilliseconds} ms.");

    private async Task AssertNothingIsLostAsync(string one, string other)
    {
        var flows = await NumberedFlow.StartAllAsync(_lab.Vm(one), _lab.Vm(other));
        try
        {
            await NumberedFlow.GoOnAsync(flows);
            await NumberedFlow.AssertNothingLostAsync(flows);
        }
        finally
        {
            foreach (NumberedFlow flow in flows)
            {
                await flow.DisposeAsync();
            }
        }
    }
}
