using System.Diagnostics;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// Open vSwitch as a stranger: its data path in user space, its database and sockets in a directory of its own.
/// <code>
///   provider network ── u0 ─ br-up (has the provider addresses, for OVS sends tunnelled packets to where the route to the peer leads)
///                        tN ─ br-N ─ veth ── eth0 of a customer's namespace      one per tunnel: tN encapsulates
/// </code>
/// </summary>
internal sealed class OpenVSwitch : IAsyncDisposable
{
    private const string Schema = "/usr/share/openvswitch/vswitch.ovsschema";
    private readonly List<Process> _programs = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-ovs-").FullName;
    private readonly Stranger _at;

    private OpenVSwitch(Stranger at) => _at = at;

    public static async Task<OpenVSwitch> StartAsync(Stranger at, params string[] addresses)
    {
        var ovs = new OpenVSwitch(at);
        try
        {
            await Shell.RunAsync($"ovsdb-tool create {ovs._directory}/conf.db {Schema}");
            ovs.Start("ovsdb-server", $"{ovs._directory}/conf.db", $"--remote=punix:{ovs.Database}", $"--unixctl={ovs._directory}/db.ctl", $"--log-file={ovs._directory}/db.log");
            await Eventually.TrueAsync(() => File.Exists(ovs.Database), "ovsdb-server listens", ovs.LastWords);
            await ovs.SetAsync("--no-wait init");
            ovs.Start("ovs-vswitchd", $"unix:{ovs.Database}", $"--unixctl={ovs._directory}/switch.ctl", $"--log-file={ovs._directory}/switch.log");
            await ovs.SetAsync("add-br br-up -- set bridge br-up datapath_type=netdev -- add-port br-up u0");
            await at.RunAsync(string.Join('\n', addresses.Select(a => $"ip address add {a} dev br-up {(a.Contains(':', StringComparison.Ordinal) ? "nodad" : string.Empty)}").Append("ip link set br-up up")));
            return ovs;
        }
        catch
        {
            await ovs.DisposeAsync();
            throw;
        }
    }

    /// <summary>A tunnel to a host, and a customer behind it.</summary>
    /// <param name="type">Of the port, <c>gre</c> (which carries Ethernet frames) or <c>vxlan</c>.</param>
    /// <param name="key">Of the whole GRE key, or the VNI.</param>
    /// <returns>The customer's namespace.</returns>
    public async Task<string> AddTunnelAsync(Customer customer, string type, string remote, uint key, int mtu)
    {
        int n = customer.Number;
        string netns = await _at.AddCustomerAsync($"{n}");
        // A data path in user space takes and sends packets as they are: cut, and with checksums.
        await Shell.RunAsync($"""
            ip -n {_at.Namespace} link add c{n} type veth peer name eth0 netns {netns}
            ip -n {_at.Namespace} link set c{n} up
            ip netns exec {netns} ethtool -K eth0 tx off tso off gso off
            """);
        await Stranger.ConfigureAsync(netns, "eth0", customer, mtu);
        await SetAsync(
            $"add-br br-{n} -- set bridge br-{n} datapath_type=netdev -- add-port br-{n} c{n} -- add-port br-{n} t{n}"
            + $" -- set interface t{n} type={type} options:remote_ip={remote} options:local_ip={customer.ProviderAddress} options:key={key}");
        return netns;
    }

    public string LastWords() => string.Join('\n', Directory.GetFiles(_directory, "*.log").Select(f => string.Join('\n', File.ReadLines(f).TakeLast(10))));

    public async ValueTask DisposeAsync()
    {
        foreach (Process program in _programs.AsEnumerable().Reverse())
        {
            if (!program.HasExited)
            {
                program.Kill(entireProcessTree: true);
                await program.WaitForExitAsync();
            }

            program.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private string Database => $"{_directory}/db.sock";

    private void Start(params string[] command)
    {
        // 'ip netns exec' becomes the program; what it says stands in its log.
        Process program = Shell.Start(["ip", "netns", "exec", _at.Namespace, .. command, "-vconsole:off", "-vsyslog:off"]);
        program.OutputDataReceived += static (_, _) => { };
        program.ErrorDataReceived += static (_, _) => { };
        program.BeginOutputReadLine();
        program.BeginErrorReadLine();
        _programs.Add(program);
    }

    private Task SetAsync(string what) => _at.RunAsync($"OVS_RUNDIR={_directory} ovs-vsctl --timeout=30 --db=unix:{Database} {what}");
}
