namespace Hnv.Packages.Tests;

/// <summary><c>hnv install</c> and <c>hnv uninstall</c>: onto a directory, and onto a machine with systemd.</summary>
public sealed class InstallTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hnv-install-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Install_OntoADirectory_WritesUnitsThatSystemdUnderstandsAndUninstallLeavesNothing()
    {
        await Shell.RunAsync(Checkout.Program, "install", "controller", "--root", _root);
        await Shell.RunAsync(Checkout.Program, "install", "agent", "--root", _root, "--host", "host1", "--controller", "https://c.example:8640", "--uplink", "eth0,eth1");

        Assert.Contains("host: host1\n", await TextAsync("etc/hnv/agent.yaml"), StringComparison.Ordinal);
        Assert.Contains("uplinks: [eth0, eth1]\n", await TextAsync("etc/hnv/agent.yaml"), StringComparison.Ordinal);
        await Shell.RunAsync(Checkout.Program, "agent", "--config", $"{_root}/etc/hnv/agent.yaml", "--check");
        await Shell.RunAsync(Checkout.Program, "controller", "--config", $"{_root}/etc/hnv/controller.yaml", "--check");
        foreach (string unit in Directory.EnumerateFiles($"{_root}/etc/systemd/system"))
        {
            // Beside a program that is there, and without the network's units, which the root does not have.
            await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(unit, TestContext.Current.CancellationToken)).Replace("/usr/local/lib/hnv/hnv", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        }

        (int exitCode, _, string complaints) = await Shell.TryAsync("systemd-analyze", [.. Directory.EnumerateFiles($"{_root}/etc/systemd/system").Prepend("--man=no").Prepend("verify")]);
        Assert.True(exitCode == 0 && !complaints.Contains("hnv", StringComparison.Ordinal), complaints);

        // The program runs on the runtime that it brought along.
        (int ran, string version, string error) = await Shell.TryAsync("env", "-i", "DOTNET_ROOT=/nonexistent", $"{_root}/usr/local/lib/hnv/hnv", "version");
        Assert.True(ran == 0, error);
        Assert.StartsWith("hnv ", version, StringComparison.Ordinal);

        await Shell.RunAsync(Checkout.Program, "uninstall", "agent", "--root", _root);
        Assert.True(File.Exists($"{_root}/usr/local/lib/hnv/hnv"));
        Assert.True(File.Exists($"{_root}/etc/hnv/agent.yaml"));
        await Shell.RunAsync(Checkout.Program, "uninstall", "controller", "--purge", "--root", _root);
        File.Delete($"{_root}/etc/hnv/agent.yaml");
        Assert.Empty(Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_service_that_hangs_is_started_again_and_uninstalling_takes_everything_out_of_the_machine()
    {
        await using Machine machine = await Machine.StartAsync("install");
        string before = await TracesAsync(machine);
        await machine.RunAsync("ip link set lo up; ip link add up0 type veth peer name up1; ip address add 192.168.77.1/24 dev up0; ip link set up0 up; ip link set up1 up");
        await machine.SettleAsync("up0", "up1");
        string network = await machine.NetworkAsync();
        foreach (string service in (string[])["agent", "controller"])
        {
            await machine.RunAsync($"printf '[Service]\\nWatchdogSec=5\\n' >/etc/systemd/system/hnv-{service}.service.d/watchdog.conf");
        }

        await machine.RunAsync($"{Machine.Program} install controller");
        await machine.RunAsync($"{Machine.Program} install agent --host host1 --controller http://127.0.0.1:8640 --uplink up0");
        await machine.RunAsync("hnv apply -f - <<'END'\n{kind: Host, name: host1, providerAddresses: [192.168.77.1]}\nEND");
        await Shell.UntilAsync("host1 is connected", async () => ((await machine.TryAsync("hnv get hosts | grep -w yes")).ExitCode == 0, await machine.LogsAsync()));
        Assert.Contains("uplinks: [up0]", await machine.RunAsync("cat /etc/hnv/agent.yaml"), StringComparison.Ordinal);

        foreach (string service in (string[])["hnv-agent", "hnv-controller"])
        {
            string hung = await machine.RunAsync($"systemctl show -P MainPID {service}");
            await machine.RunAsync($"kill -STOP {hung}");
            await Shell.UntilAsync($"{service} runs again", async () =>
            {
                (_, string state, _) = await machine.TryAsync($"systemctl show -P ActiveState -P MainPID -P Result -P NRestarts {service}");
                return (state.Contains("active\n", StringComparison.Ordinal) && !state.Contains("deactivating", StringComparison.Ordinal) && !state.Contains("activating", StringComparison.Ordinal)
                    && !state.Split('\n').Contains(hung.Trim()), state);
            });
        }

        await Shell.UntilAsync("host1 is connected again", async () => ((await machine.TryAsync("hnv get hosts | grep -w yes")).ExitCode == 0, await machine.LogsAsync()));
        await machine.RunAsync("hnv uninstall agent --purge");
        await machine.NetworkIsAsync(network);
        await machine.RunAsync("hnv uninstall controller --purge");
        Assert.Equal(before, await TracesAsync(machine));
    }

    private static Task<string> TracesAsync(Machine machine) => machine.RunAsync(
        "find /etc /usr /lib /var -xdev -name '*hnv*' ! -path '/var/log/*' ! -path '/etc/systemd/system/hnv-*.service.d' | sort; getent passwd hnv-controller; getent group hnv hnv-controller; true");

    private Task<string> TextAsync(string path) => File.ReadAllTextAsync(Path.Combine(_root, path), TestContext.Current.CancellationToken);
}
