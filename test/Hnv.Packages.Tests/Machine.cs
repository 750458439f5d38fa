using System.Diagnostics;

namespace Hnv.Packages.Tests;

/// <summary>
/// A machine with a systemd of its own: name spaces, and a copy of this machine's files of which only changes are kept (<c>machine.sh</c>). Services run in it as
/// they do on a real one, with all that their units say.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly string _directory;
    private readonly string _group;
    private readonly Process _process;

    private Machine(string directory, string group, Process process, int init) => (_directory, _group, _process, Init) = (directory, group, process, init);

    /// <summary>The build of src/Hnv.Cli, as it is seen there.</summary>
    public const string Program = "/srv/hnv";

    /// <summary>Its systemd, as this machine numbers it: names its name spaces.</summary>
    public int Init { get; }

    public static async Task<Machine> StartAsync(string name)
    {
        string unique = $"hnv-packages-{Environment.ProcessId}-{name}";
        string directory = Directory.CreateTempSubdirectory($"{unique}-").FullName;
        string group = Path.Combine(ControlGroups(), unique);
        Directory.CreateDirectory(group);
        Process process = Shell.Start(
            "/bin/sh", "-c", $"echo $$ >{group}/cgroup.procs && exec unshare -m -p -f -u -i -n -C --kill-child=SIGKILL {Path.Combine(Checkout.Root, "test/Hnv.Packages.Tests/machine.sh")} {directory} {Checkout.Build}");
        int init = 0;
        var machine = new Machine(directory, group, process, 0);
        try
        {
            await Shell.UntilAsync("systemd starts", async () =>
            {
                if (process.HasExited)
                {
                    Assert.Fail($"The machine ended: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
                }

                string children = await File.ReadAllTextAsync($"/proc/{process.Id}/task/{process.Id}/children", TestContext.Current.CancellationToken);
                bool known = int.TryParse(children.Trim(), out init);
                return (known && (await File.ReadAllTextAsync($"/proc/{init}/comm", TestContext.Current.CancellationToken)).Trim() == "systemd", children);
            });
            machine = new Machine(directory, group, process, init);
            await Shell.UntilAsync("systemd runs", async () =>
            {
                (int exitCode, string output, string error) = await machine.TryAsync("systemctl is-system-running");
                return (exitCode == 0, output + error);
            });
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a shell command in it to its end; fails the test when it fails.</summary>
    public async Task<string> RunAsync(string command)
    {
        (int exitCode, string output, string error) = await TryAsync(command);
        Assert.True(exitCode == 0, $"{command}: {exitCode}\n{output}\n{error}\n{await LogsAsync()}");
        return output;
    }

    public Task<(int ExitCode, string Output, string Error)> TryAsync(string command) => Shell.TryAsync(
        "nsenter", "-t", $"{Init}", "-m", "-u", "-i", "-n", "-p", "-C", "--", "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "sh", "-c", command);

    /// <summary>Copies a file into its /root.</summary>
    public async Task PutAsync(string file)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            "nsenter", ["-t", $"{Init}", "-m", "--", "sh", "-c", $"cat >/root/{Path.GetFileName(file)}"]) { RedirectStandardInput = true, UseShellExecute = false })!;
        await using (FileStream content = File.OpenRead(file))
        {
            await content.CopyToAsync(process.StandardInput.BaseStream, TestContext.Current.CancellationToken);
        }

        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>
    /// What its kernel has for the network: devices, addresses and groups, queues and filters, rules and routes, settings, BPF file systems. Ports that are down are
    /// set up first, since whoever takes its programs off them sets them down.
    /// </summary>
    public Task<string> NetworkAsync(params string[] ports) => RunAsync($$"""
        for port in {{string.Join(' ', ports)}}; do ip link set $port up; done
        ip -o -d link | sed 's/^[0-9]*: //; s/ qlen [0-9]*//'
        ip -o address | sed 's/^[0-9]*: //; s/ tentative//'
        ip maddress show | sed 's/^[0-9]*:	//'
        tc qdisc show
        for device in $(ls /sys/class/net); do
            tc filter show dev $device ingress; tc filter show dev $device egress
        done
        ip rule; ip -6 rule
        ip route show table all; ip -6 route show table all
        findmnt -n -t bpf || true
        cd /proc/sys/net && grep -rs . ipv4/conf ipv6/conf ipv4/neigh ipv6/neigh ipv6/seg6_flowlabel ipv4/ip_forward | sort
        """);

    /// <summary>Waits until interfaces have their carrier and the addresses that the kernel gives them.</summary>
    public async Task SettleAsync(params string[] interfaces)
    {
        foreach (string name in interfaces)
        {
            await Shell.UntilAsync($"{name} has its address", async () =>
            {
                string addresses = await RunAsync($"ip -6 -o address show dev {name} scope link");
                return (addresses.Length > 0 && !addresses.Contains("tentative", StringComparison.Ordinal), addresses);
            });
        }
    }

    /// <summary>Line by line, in any order: an interface that was set up again has its routes behind others'. Addresses of IPv6 take the kernel a moment.</summary>
    public Task NetworkIsAsync(string expected, params string[] ports) => Shell.UntilAsync("the network is as it was", async () =>
    {
        string[] now = [.. (await NetworkAsync(ports)).Split('\n').Order(StringComparer.Ordinal)], before = [.. expected.Split('\n').Order(StringComparer.Ordinal)];
        return (now.SequenceEqual(before), $"new:\n{string.Join('\n', now.Except(before))}\ngone:\n{string.Join('\n', before.Except(now))}");
    });

    public Task WriteAsync(string path, string text) => RunAsync($"cat >{path} <<'END'\n{text}\nEND");

    /// <summary>What its services last said, for a failure's message.</summary>
    public async Task<string> LogsAsync() => (await TryAsync("for s in agent controller; do systemctl --no-pager status hnv-$s; tail -n 20 /var/log/hnv-$s.log; done 2>&1")).Output;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(); // Its child, the machine's systemd, ends with it, and with that everything in the machine.
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        for (int attempt = 0; Directory.Exists(_group) && attempt < 100; attempt++)
        {
            try
            {
                foreach (string group in Directory.EnumerateDirectories(_group, "*", SearchOption.AllDirectories).OrderByDescending(static g => g.Length).Append(_group))
                {
                    Directory.Delete(group);
                }
            }
            catch (IOException) when (attempt < 99)
            {
                await Task.Delay(100, CancellationToken.None); // The last processes are still ending.
            }
        }

        Directory.Delete(_directory);
    }

    private static string ControlGroups() =>
        File.ReadLines("/proc/self/mountinfo").Where(static l => l.Contains(" - cgroup2 ", StringComparison.Ordinal)).Select(static l => l.Split(' ')[4]).FirstOrDefault()
        ?? throw new InvalidOperationException("There is no cgroup2 file system, which a machine's systemd needs.");
}
