using System.Net;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>Two VMs on two hosts with keepalived and one address of each family between them; a client on a third host asks them all the time.</summary>
[Collection<LearningCollection>]
public sealed class KeepalivedTests(LearningLab fixture) : IAsyncLifetime
{
    private static readonly IPAddress s_vip4 = IPAddress.Parse("10.0.0.100");
    private static readonly IPAddress s_vip6 = IPAddress.Parse("2001:db8:1::100");

    private readonly GuestPrograms _programs = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetworkLab Lab => fixture.Lab;

    private LabVm Master => Lab.Vm("master");

    private LabVm Backup => Lab.Vm("backup");

    private LabVm Client => Lab.Vm("client");

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await _programs.DisposeAsync();
        foreach (LabHost host in Lab.Hosts.Where(h => !h.Agent.IsRunning))
        {
            host.Agent.Start();
        }

        await Lab.ReplugAsync(Master, Backup);
        await Lab.ForgottenAsync(Master, s_vip4);
        await Lab.ForgottenAsync(Master, s_vip6);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task TheAddressIsReachedAtTheBackup_WhenTheMasterEndsOrFallsSilent(bool virtualMac, bool agentsDead)
    {
        int router = agentsDead ? 61 : 51; // A virtual MAC for each: hosts remember where the last one was.
        await LinkLocal.ReadyAsync(Master); // Without one keepalived has nothing to send from.
        await LinkLocal.ReadyAsync(Backup);
        GuestProgram first = Start(Master, 150, virtualMac, router);
        Start(Backup, 100, virtualMac, router);
        await using var flow4 = new ServiceFlow(Client, s_vip4, Master, Backup);
        await using var flow6 = new ServiceFlow(Client, s_vip6, Master, Backup);
        await ServedByAsync(Master);
        await Lab.HeldAsync(Master, s_vip4, _programs.LastWords);
        await Lab.HeldAsync(Master, s_vip6, _programs.LastWords);
        if (agentsDead)
        {
            await Task.WhenAll(Lab.Hosts.Select(h => h.Agent.KillAsync(Ct)));
        }
        else
        {
            await first.EndAsync(); // It gives its addresses up, and says so.
            await ServedByAsync(Backup);
            Start(Master, 150, virtualMac, router); // And takes them back.
            await ServedByAsync(Master);
        }

        (await Master.ExecAsync("ip", "link", "set", "eth0", "down")).EnsureSuccess(); // Not a word any more, and nobody who answers.
        await ServedByAsync(Backup);
        if (agentsDead)
        {
            foreach (LabHost host in Lab.Hosts)
            {
                host.Agent.Start();
            }

            await Lab.ConvergeAsync(0, Ct);
        }

        await Lab.HeldAsync(Backup, s_vip4, _programs.LastWords);
        await Lab.HeldAsync(Backup, s_vip6, _programs.LastWords);
        await ServedByAsync(Backup);

        async Task ServedByAsync(LabVm vm)
        {
            await flow4.IsServedByAsync(vm, _programs.LastWords);
            await flow6.IsServedByAsync(vm, _programs.LastWords);
        }
    }

    private GuestProgram Start(LabVm vm, int priority, bool virtualMac, int router)
    {
        _programs.Write(vm, "keepalived.conf", $$"""
            {{Instance("v4", router, $"{s_vip4}/24")}}
            {{Instance("v6", router + 1, $"{s_vip6}/64")}}
            """);
        return _programs.Start(vm, "keepalived", "keepalived --dont-fork --log-console --vrrp --use-file ./keepalived.conf --pid ./pid --vrrp_pid ./vrrp-pid");

        string Instance(string name, int id, string address) => $$"""
            vrrp_instance {{name}} {
              state BACKUP
              interface eth0
              {{(virtualMac ? $"use_vmac vrrp{id}" : string.Empty)}}
              virtual_router_id {{id}}
              priority {{priority}}
              advert_int 0.2
              version 3
              garp_master_delay 1
              virtual_ipaddress { {{address}} }
            }
            """;
    }
}
