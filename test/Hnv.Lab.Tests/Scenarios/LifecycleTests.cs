using System.Diagnostics;
using System.Net;
using Hnv.Lab.Machine;
using Hnv.Lab.Reachability;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Processes;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>What <c>hnv lab up</c> and <c>down</c> promise.</summary>
public sealed class LifecycleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static LabBuilder TwoHosts => new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24"]))
        .Vm("b1", "h1", "blue", 5001, ["10.0.0.5"]).Vm("b2", "h2", "blue", 5001, ["10.0.0.7"]);

    [Fact]
    public async Task ASecondUp_FindsItsOwnState_AndStartsNothingAnew()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(TwoHosts.Build(), cancellationToken: Ct);
        int?[] before = [lab.Controller.Pid, .. lab.Hosts.Select(h => h.Agent.Pid)];
        Assert.DoesNotContain(null, before);
        await lab.UpAsync(lab.Topology, null, Ct);
        Assert.Equal(before, [lab.Controller.Pid, .. lab.Hosts.Select(h => h.Agent.Pid)]);
        Assert.True((await lab.StatusAsync(Ct)).Ok);
    }

    [Fact]
    public async Task StatusWatched_TellsOfAnAgentThatIsKilledAndOfOneThatIsBack_AndEndsWithZeroWhenInterrupted()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(TwoHosts.Build(), cancellationToken: Ct);
        LabDaemon agent = lab.Host("h1").Agent;
        using Process watch = HnvCommand.Start("lab", "--name", lab.Options.Name, "status", "--watch", "-o", "json");
        try
        {
            await LineAsync("running");
            await agent.KillAsync(Ct);
            await LineAsync("stopped");
            agent.Start();
            await LineAsync("running");
            Assert.True(ProcessIdentity.Of(watch.Id)!.Send(ProcessSignals.Interrupt));
            await watch.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromMinutes(1), Ct);
            Assert.Equal((0, string.Empty), (watch.ExitCode, await watch.StandardError.ReadToEndAsync(Ct)));
        }
        finally
        {
            watch.Kill();
        }

        async Task LineAsync(string state)
        {
            string? line;
            do
            {
                line = await watch.StandardOutput.ReadLineAsync(Ct).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Ct);
                Assert.True(line is not null, $"It ended before an agent was {state}.");
            }
            while (!line.Contains("\"name\":\"agent-h1\"", StringComparison.Ordinal) || !line.Contains($"\"state\":\"{state}\"", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Down_LeavesNothingBehind()
    {
        NetworkLab lab = await NetworkLab.StartAsync(TwoHosts.Build(), cancellationToken: Ct);
        await using var _ = lab;
        ProcessIdentity[] processes = [lab.Controller.Process!, .. lab.Hosts.Select(h => h.Agent.Process!)];
        string directory = lab.Options.Directory;
        Assert.True(await lab.DownAsync(cancellationToken: Ct));
        Assert.All(processes, p => Assert.False(p.IsAlive));
        Assert.False(Directory.Exists(directory));
        Assert.DoesNotContain(NetworkNamespace.List(), n => n.StartsWith(lab.Options.Name + "-", StringComparison.Ordinal));
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), l => l.Contains(directory, StringComparison.Ordinal));
        Assert.False(await lab.DownAsync(cancellationToken: Ct));
    }

    [Fact]
    public async Task Up_AfterAgentsControllerAndANamespaceAreGone_MendsThem()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(TwoHosts.Build(), cancellationToken: Ct);
        await lab.Host("h1").Agent.KillAsync(Ct);
        await lab.Controller.KillAsync(Ct);
        Assert.True(NetworkNamespace.Delete(lab.Vm("b2").Namespace));
        Assert.True(NetworkNamespace.Delete(lab.Host("h2").Namespace));
        await lab.UpAsync(lab.Topology, null, Ct);
        Assert.All(await ReachabilityProbe.RunAsync(lab, cancellationToken: Ct), p => Assert.True(p.Ok, p.ToString()));
    }

    [Fact]
    public async Task Up_WithAnotherFile_ConvergesToIt_AndLeavesTheRestAlone()
    {
        await using NetworkLab lab = await NetworkLab.StartAsync(TwoHosts.Build(), cancellationToken: Ct);
        int? agent = lab.Host("h1").Agent.Pid;
        string removed = lab.Vm("b2").Namespace;
        LabTopology other = new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5"]).Vm("b3", "h2", "blue", 5001, ["10.0.0.8"]).Build();
        await lab.UpAsync(other, null, Ct);
        Assert.Equal(agent, lab.Host("h1").Agent.Pid);
        Assert.False(NetworkNamespace.Exists(removed));
        Assert.True(await lab.Vm("b1").CanPingAsync(lab.Vm("b3").Address4));
        Assert.DoesNotContain((await lab.Client.RecordsAsync(cancellationToken: Ct)).Items, r => r.CustomerAddress.ToString() == "10.0.0.7");
    }

    [Fact]
    public async Task Up_WithAnotherFileWhereVmsOfTheSameNamesAreOthers_LeavesNothingOfTheOldOnes_AndBack()
    {
        string[] prefixes = ["10.0.0.0/24", "2001:db8:1::/64"], one = ["10.0.0.5", "2001:db8:1::5"], two = ["10.0.0.7", "2001:db8:1::7"];
        LabTopology first = new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, prefixes))
            .Vm("b1", "h1", "blue", 5001, one, "06:06:00:00:00:05").Vm("b2", "h2", "blue", 5001, two, "06:06:00:00:00:07").Build();
        LabTopology second = new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, prefixes))
            .Port("b1", "h1", "blue", 5001, ["10.0.0.15", "2001:db8:1::15"], "06:06:00:00:00:15")
            .Document("{kind: LabVm, name: b1, host: h1, port: blue/b1, configure: auto, run: [{name: idle, command: sleep infinity}]}")
            .Vm("b2", "h2", "blue", 5001, two, "06:06:00:00:00:17").Build();
        await using NetworkLab lab = await NetworkLab.StartAsync(first, cancellationToken: Ct);
        int? agent = lab.Host("h1").Agent.Pid;
        foreach (LabTopology next in new[] { second, first })
        {
            await lab.UpAsync(next, null, Ct);
            Assert.Equal(agent, lab.Host("h1").Agent.Pid);
            Assert.Equal(next == second ? ["idle"] : [], RunningPrograms(lab));
            foreach (LabVm vm in lab.Vms)
            {
                IEnumerable<IPAddress> own = vm.Spec.First.Addresses.Select(a => a.Address).Append(IpAddresses.LinkLocal(vm.Spec.First.Mac));
                Assert.Equal(own.Select(a => a.ToString()).Order(), Addresses(vm));
            }

            Assert.All(await ReachabilityProbe.RunAsync(lab, cancellationToken: Ct), p => Assert.True(p.Ok, p.ToString()));
        }
    }

    private static string[] Addresses(LabVm vm)
    {
        using Rtnetlink links = vm.OpenNetlink();
        return [.. links.GetAddresses(links.GetLink("eth0").Index).Select(a => a.Address.ToString()).Order()];
    }

    /// <summary>By what the lab wrote down: also those that its file does not name any more.</summary>
    private static string[] RunningPrograms(NetworkLab lab) =>
    [
        .. Directory.GetFiles(Path.Combine(lab.Options.Directory, "processes"), "vm-b1-*.json").Select(f => Path.GetFileNameWithoutExtension(f)["vm-b1-".Length..]),
    ];

    [Fact]
    public async Task Up_WhereSomebodyElseHasTheNamespace_RefusesAndTouchesNothing()
    {
        NetworkLab lab = NetworkLab.Open(new LabOptions { Name = TestLabs.NewName() });
        string name = lab.Options.Name + "-h1";
        using NetworkNamespace foreign = NetworkNamespace.Create(name);
        try
        {
            LabException e = await Assert.ThrowsAsync<LabException>(() => lab.UpAsync(TwoHosts.Build(), null, Ct));
            Assert.Contains(name, e.Message, StringComparison.Ordinal);
            Assert.False(lab.Exists);
            Assert.True(NetworkNamespace.Exists(name));
            Assert.False(File.Exists(lab.Options.Directory + ".lock"));
        }
        finally
        {
            NetworkNamespace.Delete(name);
            await lab.DownAsync(cancellationToken: Ct);
        }
    }

    [Fact]
    public async Task WhatATestProcessLeftThatRunsNoMore_IsRemoved_AndWhatOthersHaveIsNot()
    {
        var options = new LabOptions { Name = "t9999999x" + TestLabs.NewName()[^6..] }; // Above every pid_max.
        await using NetworkLab abandoned = await NetworkLab.StartAsync(new LabBuilder().Hosts("h1").Build(), options, Ct);
        await using LabProgram inside = abandoned.Host("h1").Start("sleep", "infinity");
        string mine = TestLabs.NewName() + "-h1";
        using NetworkNamespace other = NetworkNamespace.Create(mine);
        try
        {
            ProcessIdentity[] processes = [abandoned.Controller.Process!, abandoned.Host("h1").Agent.Process!];
            await AbandonedLabs.RemoveAsync(Ct);
            await inside.WaitAsync(Ct);
            Assert.All(processes, p => Assert.False(p.IsAlive));
            Assert.DoesNotContain(NetworkNamespace.List(), n => n.StartsWith(options.Name + "-", StringComparison.Ordinal));
            Assert.Empty(Directory.EnumerateFileSystemEntries("/run", options.Name + "*"));
            Assert.True(NetworkNamespace.Exists(mine));
        }
        finally
        {
            NetworkNamespace.Delete(mine);
        }
    }
}
