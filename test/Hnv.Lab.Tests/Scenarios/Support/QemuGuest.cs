using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>
/// A real guest: Debian's kernel under QEMU, with a virtio-net adapter on a tap of a host, and busybox. It takes its address by DHCP,
/// pings one address, and says both on its console.
/// </summary>
internal sealed class QemuGuest : IAsyncDisposable
{
    // In the order in which they need each other.
    private static readonly string[] s_modules =
    [
        "virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_modern_dev", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci",
        "failover", "net/net_failover", "net/virtio_net",
    ];

    private readonly ConcurrentQueue<string> _console = [];
    private readonly string _directory;
    private readonly LabProgram _program;

    private QemuGuest(string directory, LabProgram program)
    {
        _directory = directory;
        _program = program;
        _ = CollectAsync(program.Output);
        _ = CollectAsync(program.Error);
    }

    /// <summary>What it said so far.</summary>
    public string Console => string.Join('\n', _console);

    /// <summary>Boots it.</summary>
    /// <param name="tap">Interface of its port on the host, which QEMU makes.</param>
    /// <param name="pings">What it pings when it has an address.</param>
    public static async Task<QemuGuest> StartAsync(LabHost host, string tap, string mac, string pings)
    {
        string kernel = (await RunAsync("bash", Path.Combine(Root(), "scripts", "guest-kernel.sh"))).Trim();
        string directory = Directory.CreateTempSubdirectory("hnv-guest-").FullName;
        try
        {
            string root = Path.Combine(directory, "root");
            Directory.CreateDirectory(Path.Combine(root, "bin"));
            File.Copy("/bin/busybox", Path.Combine(root, "bin", "busybox"));
            foreach ((int i, string module) in s_modules.Index())
            {
                string path = module == "failover" ? "net/core/failover.ko" : $"drivers/{module}.ko";
                File.Copy(Path.Combine(kernel, "modules", path), Path.Combine(root, $"{i}.ko"));
            }

            WriteScript(Path.Combine(root, "init"), $"""
                #!/bin/busybox sh
                /bin/busybox mkdir -p /proc /sys /dev /sbin /usr/bin /usr/sbin
                /bin/busybox mount -t proc proc /proc
                /bin/busybox --install -s
                mount -t sysfs sysfs /sys
                mount -t devtmpfs dev /dev
                for i in $(seq 0 {s_modules.Length - 1}); do insmod /$i.ko; done
                ip link set lo up
                ip link set eth0 up
                udhcpc -b -S -i eth0 -s /lease -t 60 -T 1 -A 1
                while ! ip -4 address show dev eth0 | grep -q inet; do sleep 0.2; done
                while ! ping -c 1 -W 1 {pings}; do :; done
                echo GUEST reaches {pings}
                while :; do sleep 1000; done
                """);
            WriteScript(Path.Combine(root, "lease"), """
                #!/bin/busybox sh
                case $1 in
                bound|renew)
                    ip address replace "$ip/$mask" dev "$interface"
                    echo "GUEST has $ip"
                    ;;
                esac
                """);
            string image = Path.Combine(directory, "initrd");
            await RunAsync("sh", "-c", $"cd '{root}' && find . | busybox cpio -o -H newc >'{image}'");
            return new QemuGuest(directory, host.Start(
                "qemu-system-x86_64", "-accel", "tcg", "-m", "160", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                "-kernel", Path.Combine(kernel, "vmlinuz"), "-initrd", image, "-append", "console=ttyS0 panic=-1 quiet",
                "-netdev", $"tap,id=n0,ifname={tap},script=no,downscript=no", "-device", $"virtio-net-pci,netdev=n0,mac={mac},romfile="));
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task CollectAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            _console.Enqueue(line.TrimEnd('\r'));
        }
    }

    private static void WriteScript(string path, string text)
    {
        File.WriteAllText(path, text + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Hnv.slnx")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests do not run inside the checkout.");
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {await error}");
        return output;
    }
}
