using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hnv.Api;
using Hnv.Lab.Machine;
using Hnv.Lab.Reachability;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Hardness;

/// <summary>More of everything than a test needs to find a mistake, and as much as finds what does not scale.</summary>
public sealed class LargeLabTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>lab/large.yaml, by the commands that people give.</summary>
    [Fact]
    public async Task EightHostsAndSixtyFourVms_OfFourTenantsWithTheSameAddresses_ReachWhomTheyMay()
    {
        const int hosts = 8, tenants = 4, each = 16;
        string name = TestLabs.NewName();
        try
        {
            CommandResult up = await HnvCommand.RunAsync("lab", "--name", name, "up", Path.Combine(AppContext.BaseDirectory, "large.yaml"), "--no-proof");
            Assert.True(up.ExitCode == 0, up.Error + up.Output);
            CommandResult status = await HnvCommand.RunAsync("lab", "--name", name, "status");
            Assert.True(status.ExitCode == 0, status.Error + status.Output);
            Assert.Equal(hosts, status.Output.Split('\n').Count(static l => l.TrimStart().StartsWith("agent-host", StringComparison.Ordinal)));

            CommandResult ping = await HnvCommand.RunAsync("lab", "--name", name, "ping", "-o", "json");
            Assert.True(ping.ExitCode == 0, ping.Error + ping.Output);
            PingResult[] results = JsonSerializer.Deserialize<PingResult[]>(ping.Output, HnvJson.Options)!;

            // Every VM to every other one in two families: answered in its network alone, by the right VM.
            Assert.Equal(tenants * each * (tenants * each - 1) * 2, results.Length);
            Assert.All(results, r => Assert.True(r.AsExpected, r.ToString()));
            Assert.Equal(tenants * each * (each - 1) * 2, results.Count(r => r.Ok));
        }
        finally
        {
            CommandResult down = await HnvCommand.RunAsync("lab", "--name", name, "down");
            Assert.True(down.ExitCode == 0, down.Error + down.Output);
        }

        Assert.DoesNotContain(NetworkNamespace.List(), n => n.StartsWith(name, StringComparison.Ordinal));
    }

    /// <summary>Each network has one VM on either host, all of them with the same two addresses and MACs.</summary>
    [Fact]
    public async Task TwoHundredNetworksOnAHost_StayApart()
    {
        const int networks = 200;
        var builder = new LabBuilder().Hosts("h1", "h2");
        for (int n = 0; n < networks; n++)
        {
            builder.Network($"n{n}", (6001 + (uint)n, ["10.0.0.0/24"]))
                .Vm($"a{n}", "h1", $"n{n}", 6001 + (uint)n, ["10.0.0.5"], "06:06:00:00:00:05").Vm($"b{n}", "h2", $"n{n}", 6001 + (uint)n, ["10.0.0.7"], "06:06:00:00:00:07");
        }

        await using NetworkLab lab = await NetworkLab.StartAsync(builder.Build(), cancellationToken: Ct);
        var to = new IPEndPoint(IPAddress.Parse("10.0.0.7"), 7777);
        Socket[] receivers = [.. Enumerable.Range(0, networks).Select(n => Udp(lab.Vm($"b{n}")))];
        Socket[] senders = [.. Enumerable.Range(0, networks).Select(n => Udp(lab.Vm($"a{n}")))];
        try
        {
            Array.ForEach(receivers, r => r.Bind(new IPEndPoint(IPAddress.Any, 7777)));
            var heard = new List<string>[networks];
            for (int n = 0; n < networks; n++)
            {
                heard[n] = [];
                senders[n].SendTo(Encoding.ASCII.GetBytes($"n{n}"), to);
            }

            byte[] buffer = new byte[64];
            await Eventually.TrueAsync(
                () =>
                {
                    for (int n = 0; n < networks; n++)
                    {
                        while (receivers[n].Available > 0)
                        {
                            heard[n].Add(Encoding.ASCII.GetString(buffer, 0, receivers[n].Receive(buffer)));
                        }
                    }

                    return heard.All(h => h.Count > 0);
                },
                "every network's word arrives", () => string.Join(", ", Enumerable.Range(0, networks).Where(n => heard[n].Count == 0).Select(n => $"n{n}")));
            Assert.All(Enumerable.Range(0, networks), n => Assert.Equal([$"n{n}"], heard[n]));
        }
        finally
        {
            Array.ForEach([.. receivers, .. senders], s => s.Dispose());
        }
    }

    private static Socket Udp(LabVm vm)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(vm.Namespace);
        return inside.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
    }
}
