using System.Diagnostics;
using System.Net;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Linux.Namespaces;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>From policy's pool to a client in a VM, on a real kernel. Needs root.</summary>
public sealed class ResponderTests : IDisposable
{
    private const string Port1 = "blue/blue1";
    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Lease_OfAPort_IsHandedOut_AlsoWhileTheAgentIsDead_AndSweptWhenPolicyForgetsIt()
    {
        NetworkNamespace vm = _host.AddVm("v-blue1", "10.9.9.9", "06:06:00:00:00:05");
        _host.Policy(10, Office, Route(), Port() with { Lease4 = IPAddress.Parse("10.0.0.50") }, Record("10.0.0.50", pa: "192.168.4.11", port: Port1));
        await _host.UntilAsync(() => _host.State(Port1).StartsWith("bound", StringComparison.Ordinal) && _host.Core.State.RealisedRevision == 10, "the port is bound");
        Assert.Equal("10.0.0.50", await AskAsync(vm));

        _host.Kill();
        Assert.Equal("10.0.0.50", await AskAsync(vm));
        await RunAsync(vm, "ip", "link", "set", "eth0", "down");
        await RunAsync(vm, "ip", "link", "set", "eth0", "up");
        await Until.TrueAsync(
            () => RunAsync(vm, "ip", "-6", "route", "show", "default").GetAwaiter().GetResult().Contains("via fe80::48:4eff:fe56:1 ", StringComparison.Ordinal),
            "the VM has heard the router");

        _host.Start();
        Assert.Equal("10.0.0.50", await AskAsync(vm)); // Nothing is swept before the agent is in sync.
        _host.Policy(11, Office, Route(), Port());
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11 && Held("leases") == 0, "the lease is swept");
        Assert.Equal((1, 1, 1), (Held("dhcp4"), Held("dhcp6"), Held("router_advertisements")));
        Assert.Null(await AskAsync(vm));
    }

    private static SubnetItem Office => Subnet() with
    {
        Prefix6 = IPNetwork.Parse("2001:db8:5001::/64"),
        Gateway6 = IPAddress.Parse("2001:db8:5001::1"),
        RouterAdvertisements = RouterAdvertisementMode.Managed,
        Pool = new PoolItem(true, [IPAddress.Parse("10.0.0.2")], [], null, null, 600),
    };

    private long Held(string table) => _host.Dataplane.ReadUsage().Single(usage => usage.Name == table).Entries;

    /// <summary>The address that a client is given; null when nobody answers.</summary>
    private static async Task<string?> AskAsync(NetworkNamespace vm)
    {
        string script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, "#!/bin/sh\n[ \"$1\" != bound ] || echo \"ip=$ip\"\n", TestContext.Current.CancellationToken);
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            string said = await RunAsync(vm, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "3", "-T", "1", "-s", script);
            return said.Split('\n').Where(line => line.StartsWith("ip=", StringComparison.Ordinal)).Select(line => line[3..]).SingleOrDefault();
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static async Task<string> RunAsync(NetworkNamespace vm, string command, params string[] arguments)
    {
        using Process process = vm.Start(new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await errors;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }
}
