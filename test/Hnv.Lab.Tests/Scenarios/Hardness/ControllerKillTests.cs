using System.Net;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios.Hardness;

/// <summary>
/// The controller's process is killed again and again while it is written to: what it acknowledged is there ever after, hosts come to what it says,
/// and traffic notices nothing.
/// </summary>
public sealed class ControllerKillTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"]).Vm("b2", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"]).Build(),
        cancellationToken: Ct);

    public ValueTask DisposeAsync() => _lab is null ? default : _lab.DisposeAsync();

    [Fact]
    public Task KilledAgainAndAgain_UnderWrites_NothingAcknowledgedIsLost() => KillAgainAndAgainAsync(20, 2);

    [Fact]
    [Trait("Category", "Soak")]
    public Task KilledAThousandTimes_UnderWrites_NothingAcknowledgedIsLost() => KillAgainAndAgainAsync(1000, 5);

    private Task ReadyAsync() => Eventually.TrueAsync(
        () => _lab.Client.IsReadyAsync(Ct), "the controller is ready", () => $"It {(_lab.Controller.IsRunning ? "runs" : "ended")}; its last words:\n{_lab.Controller.LastWords()}");

    /// <param name="early">Of so many rounds, one in which it dies before it is up.</param>
    private async Task KillAgainAndAgainAsync(int rounds, int early)
    {
        var flows = await NumberedFlow.StartAllAsync(_lab.Vm("b1"), _lab.Vm("b2"));
        try
        {
            int seed = Random.Shared.Next();
            var moment = new Random(seed);
            int wanted = 0, acknowledged = 0;
            long revision = 0;
            for (int round = 0; round < rounds; round++)
            {
                if (!_lab.Controller.IsRunning)
                {
                    _lab.Controller.Start();
                }

                bool dies = round % early == early - 1;
                if (!dies)
                {
                    await ReadyAsync();
                    await CheckAsync($"round {round} of seed {seed}");
                }

                using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
                Task writer = Task.CompletedTask;
                if (!dies)
                {
                    int enough = acknowledged + moment.Next(8);
                    writer = WriteAsync(stop.Token);
                    await Eventually.TrueAsync(() => acknowledged > enough, "writes are acknowledged");
                }

                // The moment is what varies, nothing waits for it.
                await Task.Delay(moment.Next(dies ? 800 : 20), Ct);
                await _lab.Controller.KillAsync(Ct);
                await stop.CancelAsync();
                await writer;
            }

            _lab.Controller.Start();
            await ReadyAsync();
            await CheckAsync("the end");

            // Hosts have what the last acknowledged or a later attempt said, and nothing else.
            await _lab.ConvergeAsync(await _lab.ApplyAsync(Text(++wanted)), Ct);
            KernelRoute[] routes = [.. (await _lab.Client.KernelAsync<KernelRoute[]>("h1", HostQueries.Routes, Ct)).Where(r => r.Prefix.PrefixLength == 32)];
            Assert.Equal(Prefix(wanted), Assert.Single(routes).Prefix.ToString());
            await NumberedFlow.GoOnAsync(flows);
            await NumberedFlow.AssertNothingLostAsync(flows);

            async Task WriteAsync(CancellationToken stopped)
            {
                while (!stopped.IsCancellationRequested)
                {
                    int next = ++wanted;
                    try
                    {
                        long at = await _lab.ApplyAsync(Text(next));
                        Assert.True(at > revision, $"Revision {at} was given twice.");
                        (revision, acknowledged) = (at, next);
                    }
                    catch (HnvApiException e) when (e.Status is null)
                    {
                        return; // It died meanwhile: this one may be in the log or not.
                    }
                }
            }

            async Task CheckAsync(string when)
            {
                JsonElement network = (await _lab.Client.GetAsync(new ResourceId(ResourceKind.VmNetwork, "blue", "blue"), Ct))!.Value;
                int found = acknowledged == 0 && !network.TryGetProperty("routes", out _) ? 0 : NumberOf(network.GetProperty("routes")[0].GetProperty("prefix").GetString()!);
                Assert.True(found >= acknowledged && found <= wanted, $"{when}: {found} was found, {acknowledged} acknowledged, {wanted} the last that was tried");
            }
        }
        finally
        {
            foreach (NumberedFlow flow in flows)
            {
                await flow.DisposeAsync();
            }
        }
    }

    private static string Prefix(int number) => $"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}/32";

    private static int NumberOf(string prefix)
    {
        byte[] bytes = IPNetwork.Parse(prefix).BaseAddress.GetAddressBytes();
        return (bytes[1] - 16) << 16 | bytes[2] << 8 | bytes[3];
    }

    private static string Text(int number) => $$"""
        kind: VmNetwork
        name: blue
        tenant: blue
        subnets:
        - {vsid: 5001, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"]}
        routes:
        - {prefix: {{Prefix(number)}}, nextHop: 10.0.0.7}
        """;
}
