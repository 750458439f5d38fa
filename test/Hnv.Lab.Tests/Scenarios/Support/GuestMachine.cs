using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Debian's kernel for clouds under QEMU, with a virtio-net adapter on a tap that QEMU makes, busybox, and a script that is its init.</summary>
internal sealed class GuestMachine : IAsyncDisposable
{
    // In the order in which they need each other.
    private static readonly string[] s_modules =
    [
        "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci",
        "net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net",
    ];

    private readonly ConcurrentQueue<string> _console = [];
    private readonly string _directory;
    private readonly Process _qemu;

    private GuestMachine(string directory, Process qemu)
    {
        _directory = directory;
        _qemu = qemu;
        _ = CollectAsync(qemu.StandardOutput);
        _ = CollectAsync(qemu.StandardError);
    }

    /// <summary>What it said last.</summary>
    public string Console => string.Join('\n', _console.TakeLast(60));

    /// <summary>Boots it.</summary>
    /// <param name="netns">Network namespace of its tap.</param>
    /// <param name="tap">Interface there.</param>
    /// <param name="script">What it does when its file systems are mounted and its modules loaded; the end of the script is its own.</param>
    public static async Task<GuestMachine> StartAsync(string netns, string tap, string mac, string script, GuestContent? content = null)
    {
        content ??= new GuestContent();
        string kernel = (await Shell.RunAsync($"bash {Repository.Root}/scripts/guest-kernel.sh")).Trim();
        string directory = Directory.CreateTempSubdirectory("hnv-guest-").FullName;
        try
        {
            string files = Path.Combine(directory, "root");
            Directory.CreateDirectory(Path.Combine(files, "bin"));
            File.Copy("/bin/busybox", Path.Combine(files, "bin", "busybox"));
            string[] modules = [.. s_modules, .. content.Modules];
            foreach ((int i, string module) in modules.Index())
            {
                File.Copy(Path.Combine(kernel, "modules", module + ".ko"), Path.Combine(files, $"{i}.ko"));
            }

            foreach (string program in content.Programs)
            {
                // With the libraries it needs, where its loader looks for them.
                await Shell.RunAsync($$"""
                    path=$(readlink -f "$(command -v {{program}})")
                    cp "$path" {{files}}/bin/{{program}}
                    for library in $(ldd "$path" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'); do
                        mkdir -p {{files}}$(dirname $library)
                        cp -L $library {{files}}$library
                    done
                    """);
            }

            WriteScript(Path.Combine(files, "init"), $"""
                #!/bin/busybox sh
                /bin/busybox mkdir -p /proc /sys /dev /run /tmp /sbin /usr/bin /usr/sbin
                /bin/busybox mount -t proc proc /proc
                /bin/busybox --install -s
                export PATH=/bin:/sbin:/usr/bin:/usr/sbin
                mount -t sysfs sysfs /sys
                mount -t devtmpfs dev /dev
                mount -t tmpfs tmpfs /run
                for i in $(seq 0 {modules.Length - 1}); do insmod /$i.ko; done
                ip link set lo up
                {script}
                while :; do sleep 1000; done
                """);
            foreach ((string name, string text) in content.Scripts)
            {
                WriteScript(Path.Combine(files, name), text);
            }

            string image = Path.Combine(directory, "initrd");
            await Shell.RunAsync($"cd '{files}' && find . | busybox cpio -o -H newc >'{image}'");
            // no_timer_check: on a busy machine emulated timer interrupts come late, and the kernel would panic about that.
            return new GuestMachine(directory, Shell.Start(
                "ip", "netns", "exec", netns,
                "qemu-system-x86_64", "-accel", "tcg", "-m", "160", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                "-kernel", Path.Combine(kernel, "vmlinuz"), "-initrd", image, "-append", "console=ttyS0 panic=-1 quiet no_timer_check",
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
        if (!_qemu.HasExited)
        {
            _qemu.Kill(entireProcessTree: true);
            await _qemu.WaitForExitAsync();
        }

        _qemu.Dispose();
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
}

/// <summary>What a guest has beside busybox.</summary>
internal sealed record GuestContent
{
    /// <summary>Modules of its kernel, in the order in which they need each other, without <c>.ko</c>.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Programs of this machine, with their libraries: in <c>/bin</c>, by which path alone the shell does not take busybox's of the same name.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>Scripts at its root.</summary>
    public IReadOnlyDictionary<string, string> Scripts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
