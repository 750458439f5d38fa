using System.Text.Json;
using Hnv.Lab.Machine;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>A VM behind a tap, as QEMU has it, and one behind a veth on another host.</summary>
public sealed class TapTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AVmBehindATap_IsReachedOverBothFamilies_AndMovesTcpBothWays()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(
            new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]))
                .Vm("tap", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"], device: LabDevice.Tap)
                .Vm("veth", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"]).Build(),
            cancellationToken: Ct);
        Assert.All(await ReachabilityProbe.RunAsync(lab, cancellationToken: Ct), p => Assert.True(p.Ok, p.ToString()));

        LabVm tap = lab.Vm("tap"), veth = lab.Vm("veth");
        await using LabProgram server = veth.Start("iperf3", "-s", "--forceflush");
        while (await server.Output.ReadLineAsync(Ct) is { } line && !line.Contains("listening", StringComparison.OrdinalIgnoreCase))
        {
            // The server says when it is ready.
        }

        foreach (string direction in new[] { "--bidir", "-R" })
        {
            CommandResult run = await tap.ExecAsync("iperf3", "-J", "-c", veth.Address4.ToString(), "-n", "20M", direction);
            run.EnsureSuccess();
            using var json = JsonDocument.Parse(run.Output);
            Assert.True(json.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bytes").GetInt64() > 0, run.Output);
        }
    }
}
