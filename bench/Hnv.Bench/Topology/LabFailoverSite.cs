using System.Diagnostics;
using Hnv.Lab;
using Hnv.Wire;

namespace Hnv.Bench.Topology;

/// <summary>A lab with real agents and a controller, and a subnet that learns and floods.</summary>
/// <param name="agentsDead">Whether the agents are killed before a VM dies, and started again to see a new one.</param>
internal sealed class LabFailoverSite(NetworkLab lab, bool agentsDead) : FailoverSite
{
    private static readonly string[] s_vms = ["a", "b", "c"];

    public static async Task<NetworkLab> StartAsync(BenchOptions options, EncapsulationForm form, CancellationToken cancellationToken)
    {
        LabBuilder builder = Labs.HostsOf(form).Document($$"""
            kind: VmNetwork
            name: vip
            tenant: vip
            encapsulation: {{Labs.EncapsulationOf(form)}}
            subnets:
            - {vsid: 5001, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"], learning: dynamic, flooding: unicast, routerAdvertisements: "off"}
            """);
        foreach ((int i, string vm) in s_vms.Index())
        {
            builder.Vm(vm, $"h{i + 1}", "vip", 5001, [$"10.0.0.{21 + i}", $"2001:db8:1::{21 + i}"]);
        }

        return await NetworkLab.StartAsync(builder.Build(), Labs.Options(options), cancellationToken);
    }

    public override string NamespaceOf(string vm) => lab.Vm(vm).Namespace;

    public override async Task LeaveAloneAsync(CancellationToken cancellationToken)
    {
        if (agentsDead)
        {
            await Task.WhenAll(lab.Hosts.Select(h => h.Agent.KillAsync(cancellationToken)));
        }
    }

    public override async Task ReviveAsync(string vm, CancellationToken cancellationToken)
    {
        foreach (LabHost host in lab.Hosts.Where(static h => !h.Agent.IsRunning))
        {
            host.Agent.Start();
        }

        Unplug(vm);
        AllowIPv6(vm);
        lab.Vm(vm).Plug();
        await lab.ConvergeAsync(0, cancellationToken);

        // An agent that was just started looks converged by what the one before it said.
        long start = Stopwatch.GetTimestamp();
        while (!await lab.Vm(vm).CanPingAsync(lab.Vm(Client).Address4, tries: 1))
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                throw new BenchException($"{vm} is not reached after it was started anew.");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>The lab goes with whoever started it.</summary>
    public override ValueTask DisposeAsync() => default;

    protected override void Unplug(string vm) => lab.Vm(vm).Unplug();
}
