using System.Net;
using Hnv.Agent.Network;
using Hnv.Agent.Tests.Fakes;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>What <c>--purge</c> leaves. Needs root.</summary>
public sealed class PurgeTests : IDisposable
{
    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Purge_RemovesWhatTheStateDirectoryOwns_AndNothingElse()
    {
        using var other = new KernelHost();
        foreach (KernelHost host in (KernelHost[])[_host, other])
        {
            using Hnv.Linux.Namespaces.NetworkNamespace vm = host.AddVm("v-blue1", "10.0.0.5", "06:06:00:00:00:05");
            host.Policy(10, Subnet(), Port(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1"));
            await host.UntilAsync(() => host.State("blue/blue1").StartsWith("bound", StringComparison.Ordinal), "the port is bound");
        }

        Directory.CreateDirectory(Path.Combine(_host.StateDirectory, "policy"));
        await File.WriteAllTextAsync(Path.Combine(_host.StateDirectory, "policy", "x.policy"), "x", TestContext.Current.CancellationToken);
        string foreign = Path.Combine(_host.StateDirectory, "notes.txt");
        await File.WriteAllTextAsync(foreign, "an administrator's", TestContext.Current.CancellationToken);
        _host.Kill();
        int uplink = _host.Route.GetLink("up0").Index;
        _host.Route.AddGroup(uplink, IPAddress.Parse("239.1.1.1"), ProviderGroups.Protocol);
        _host.Route.AddGroup(uplink, IPAddress.Parse("239.2.2.2"), 0);

        Purge();

        Assert.Equal("239.2.2.2", Assert.Single(_host.Route.GetAddresses(uplink), a => a.Flags.HasFlag(AddressFlags.AutoJoin)).Address.ToString());

        Assert.Equal([foreign], Directory.GetFileSystemEntries(_host.StateDirectory));
        _host.Start();
        Assert.Empty(_host.Dataplane.ReadPorts());
        Assert.Empty(_host.Namespace.Run(_host.Dataplane.ReadUplinks));
        Assert.Empty(_host.Dataplane.ReadSubnets());
        Assert.Single(other.Dataplane.ReadPorts());
        Assert.Single(other.Namespace.Run(other.Dataplane.ReadUplinks));
    }

    [Fact]
    public void Purge_WhileTheAgentRuns_IsRefused()
    {
        using StateDirectory held = StateDirectory.Open(_host.StateDirectory);
        Assert.Contains(_host.StateDirectory, Assert.Throws<AgentException>(Purge).Message, StringComparison.Ordinal);
        Assert.True(BpfFileSystem.IsMounted(held.BpfDirectory));
    }

    private void Purge()
    {
        Assert.True(AgentOptions.TryCreate(null, null, null, _host.StateDirectory, true, out AgentOptions? options, out _));
        _host.Namespace.Run(() =>
        {
            Task run = AgentHost.RunAsync(options!, NullLoggerFactory.Instance, CancellationToken.None);
            Assert.True(run.IsCompleted); // A continuation would be in another namespace.
            run.GetAwaiter().GetResult();
        });
    }
}
