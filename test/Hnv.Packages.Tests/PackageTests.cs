namespace Hnv.Packages.Tests;

/// <summary>The Debian packages on machines with systemd: installed, at work, upgraded under traffic, restored from a backup, removed.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _packages = Directory.CreateTempSubdirectory("hnv-packages-").FullName;

    public void Dispose() => Directory.Delete(_packages, recursive: true);

    [Fact]
    public async Task Two_machines_with_the_packages_carry_a_tenants_frames_through_an_upgrade_and_keep_nothing_when_they_are_purged()
    {
        string[] old = await Checkout.PreviousAsync(_packages), newer = await Checkout.PackAsync("0.0.2", _packages);
        await using Cloud cloud = await Cloud.StartAsync();
        (Machine a, Machine b) = (cloud.A, cloud.B);
        await b.SettleAsync("up0", "v2");
        string before = await TracesAsync(b), network = await b.NetworkAsync("v2");
        await InstallAsync(a, old);
        await InstallAsync(b, old[..2]);

        // The controller runs at once, without privileges; the agent waits for its settings.
        Assert.Equal("active", (await a.RunAsync("systemctl is-active hnv-controller")).Trim());
        Assert.Equal("hnv-controller", (await a.RunAsync("ps -o user:32= -p $(systemctl show -P MainPID hnv-controller)")).Trim());
        Assert.Matches(@"CapEff:\s+0000000000000000\nCapBnd:\s+0000000000000000", await a.RunAsync("grep -E 'CapEff|CapBnd' /proc/$(systemctl show -P MainPID hnv-controller)/status"));
        Assert.Equal("inactive", (await b.TryAsync("systemctl is-active hnv-agent")).Output.Trim());
        Assert.Equal("enabled\nenabled", (await a.RunAsync("systemctl is-enabled hnv-controller hnv-agent")).Trim());
        Assert.Equal("700 root\n700 hnv-controller", (await a.RunAsync("stat -c '%a %U' /var/lib/hnv/agent /var/lib/hnv/controller")).Trim());

        // As the guide says it.
        await a.RunAsync("hnv controller init 192.168.77.1");
        await a.WriteAsync("/etc/hnv/controller.yaml", "listen:\n- http://127.0.0.1:8640\n- https://192.168.77.1:8640");
        await a.RunAsync("systemctl restart hnv-controller");
        await a.WriteAsync("/root/policy.yaml", Cloud.Policy);
        await a.RunAsync("hnv apply -f /root/policy.yaml");
        await JoinAsync(a, a, "host1");
        await JoinAsync(a, b, "host2");
        await a.RunAsync("hnv apply -f /root/policy.yaml --wait 120");
        await cloud.ReachesAsync();
        Assert.Equal(0x0000008000201000 /* SYS_ADMIN, NET_ADMIN, BPF */, Convert.ToInt64((await b.RunAsync("sed -n 's/CapBnd:[[:space:]]*//p' /proc/$(systemctl show -P MainPID hnv-agent)/status")).Trim(), 16));

        string agent = await a.RunAsync("systemctl show -P MainPID hnv-agent");
        await a.RunAsync("printf '\\n# my own words\\n' >>/etc/hnv/agent.yaml");
        await cloud.WithoutLossAsync(async () =>
        {
            await InstallAsync(a, newer);
            await InstallAsync(b, newer[..2]);
            await a.RunAsync("hnv apply -f /root/policy.yaml --wait 120");
        });
        Assert.NotEqual(agent, await a.RunAsync("systemctl show -P MainPID hnv-agent"));
        Assert.Contains("my own words", await a.RunAsync("cat /etc/hnv/agent.yaml"), StringComparison.Ordinal);
        Assert.Equal("0.0.2", (await a.RunAsync("dpkg-query -W -f '${Version}' hnv-agent")).Trim());

        // What is newer than the version before.
        await a.WriteAsync("/root/more.yaml", Cloud.More);
        await a.RunAsync("hnv apply -f /root/more.yaml --wait 120");
        string busy = await b.NetworkAsync();
        Assert.All(["hnvn", "hnvx", "239.7.0.1", "10.99.0.0/16", "uplink_ingress"], made => Assert.Contains(made, busy, StringComparison.Ordinal));

        // The controller's disk is lost; hosts with revisions of the lost log come back to the restored one.
        await a.RunAsync("hnv controller backup /root/hnv.backup");
        await a.RunAsync("hnv apply -f - <<'END'\n{kind: Host, name: host3}\nEND");
        await cloud.WithoutLossAsync(async () =>
        {
            await a.RunAsync("systemctl stop hnv-controller; rm -rf /var/lib/hnv/controller/*");
            await a.RunAsync("hnv controller restore /root/hnv.backup && systemctl start hnv-controller");
            await a.RunAsync("hnv apply -f /root/policy.yaml --wait 120");
        });
        Assert.DoesNotContain("host3", await a.RunAsync("hnv get hosts"), StringComparison.Ordinal);
        Assert.Equal("hnv-controller", (await a.RunAsync("stat -c %U /var/lib/hnv/controller/state.db")).Trim());

        // Removed: out of the kernel. The settings and the certificate stay until it is purged.
        await b.RunAsync("dpkg --remove hnv-agent");
        await b.NetworkIsAsync(network, "v2", "t2");
        await b.RunAsync("test -e /etc/hnv/agent.yaml && test -e /var/lib/hnv/agent/identity/host.crt");
        await b.RunAsync("dpkg --purge hnv-agent hnv");
        Assert.Equal(before, await TracesAsync(b));
        await a.RunAsync("dpkg --purge hnv-agent hnv-controller hnv");
        Assert.Equal(before, await TracesAsync(a));
    }

    /// <summary>Everything with the name, out of what packages write; not where Debian keeps its own books.</summary>
    private static Task<string> TracesAsync(Machine machine) => machine.RunAsync(
        "find /etc /usr /lib /var -xdev -name '*hnv*' ! -path '/var/log/*' ! -path '/etc/systemd/system/hnv-*.service.d' | sort; getent passwd hnv-controller; getent group hnv hnv-controller; true");

    private static async Task InstallAsync(Machine machine, string[] packages)
    {
        foreach (string package in packages)
        {
            await machine.PutAsync(package);
        }

        string names = string.Join(' ', packages.Select(static p => $"/root/{Path.GetFileName(p)}"));
        await machine.RunAsync($"dpkg --force-confold --install {names} && rm {names}");
    }

    /// <summary>On a busy machine a handshake may time out, and the token may be used up then.</summary>
    private static async Task JoinAsync(Machine controller, Machine host, string name)
    {
        await Shell.UntilAsync($"{name} joins", async () =>
        {
            string token = (await controller.RunAsync($"hnv host enroll {name}")).Trim();
            (int exitCode, string output, string error) = await host.TryAsync($"echo {token} | hnv agent join --controller https://192.168.77.1:8640 --token -");
            return (exitCode == 0, output + error);
        });
        await host.WriteAsync("/etc/hnv/agent.yaml", $"host: {name}\ncontrollers: [\"https://192.168.77.1:8640\"]\nuplinks: [up0]");
        await host.RunAsync("systemctl start hnv-agent");
    }
}
