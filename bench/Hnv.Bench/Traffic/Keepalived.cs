using System.Diagnostics;
using System.Globalization;
using Hnv.Bench.Topology;

namespace Hnv.Bench.Traffic;

/// <summary>keepalived in a VM: VRRP version 3 for an address of each family. A revived one stays behind the one that serves.</summary>
internal sealed class Keepalived : IAsyncDisposable
{
    /// <summary>Seconds between advertisements; after three, and a little more, the backup takes over.</summary>
    public const double Interval = 0.2;

    private readonly string _directory = Directory.CreateTempSubdirectory("hnvbench-keepalived-").FullName;
    private readonly string _netns;
    private Process? _process;

    public Keepalived(string netns)
    {
        _netns = netns;

        // With a real-time priority, as it asks for itself: else a busy machine makes it take over from a master that lives.
        File.WriteAllText(Path.Combine(_directory, "keepalived.conf"), "global_defs {\n  vrrp_rt_priority 50\n}\n" + Instance("v4", 51, $"{FailoverSite.Shared4}/24") + Instance("v6", 52, $"{FailoverSite.Shared6}/64"));
        File.SetUnixFileMode(Path.Combine(_directory, "keepalived.conf"), UnixFileMode.UserRead | UnixFileMode.UserWrite); // It reads no file that others may write, or that may be run.
    }

    /// <summary>What it said since it was started.</summary>
    public string Log => Path.Combine(_directory, "log") is var log && File.Exists(log) ? File.ReadAllText(log) : string.Empty;

    /// <summary>Whether it waits for the other one in both families.</summary>
    public bool IsBackup => Log is var log && s_instances.All(i => log.Contains($"({i}) Entering BACKUP STATE", StringComparison.Ordinal));

    private static readonly string[] s_instances = ["v4", "v6"];

    public void Start()
    {
        foreach (string left in (string[])["log", "pid", "vrrp-pid"])
        {
            File.Delete(Path.Combine(_directory, left));
        }

        var start = new ProcessStartInfo(
            "ip",
            ["netns", "exec", _netns, "sh", "-c", $"cd '{_directory}' && exec keepalived --dont-fork --log-console --vrrp --use-file ./keepalived.conf --pid ./pid --vrrp_pid ./vrrp-pid >log 2>&1"])
        {
            UseShellExecute = false,
        };
        _process = Process.Start(start);
    }

    /// <summary>Ends it at once, without a word to anybody.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static string Instance(string name, int id, string address) => string.Create(CultureInfo.InvariantCulture, $$"""
        vrrp_instance {{name}} {
          state BACKUP
          nopreempt
          interface {{FailoverSite.Adapter}}
          virtual_router_id {{id}}
          priority 100
          advert_int {{Interval}}
          version 3
          virtual_ipaddress { {{address}} }
        }

        """);
}
