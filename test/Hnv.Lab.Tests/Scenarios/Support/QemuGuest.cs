namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>
/// A real guest on a tap of a host. It takes its address by DHCP, pings one address, and says both on its console.
/// </summary>
internal sealed class QemuGuest : IAsyncDisposable
{
    private readonly GuestMachine _machine;

    private QemuGuest(GuestMachine machine) => _machine = machine;

    /// <summary>What it said last.</summary>
    public string Console => _machine.Console;

    /// <summary>Boots it.</summary>
    /// <param name="tap">Interface of its port on the host, which QEMU makes.</param>
    /// <param name="pings">What it pings when it has an address.</param>
    public static async Task<QemuGuest> StartAsync(LabHost host, string tap, string mac, string pings)
    {
        const string lease = """
            #!/bin/busybox sh
            case $1 in
            bound|renew)
                ip address replace "$ip/$mask" dev "$interface"
                echo "GUEST has $ip"
                ;;
            esac
            """;
        return new QemuGuest(await GuestMachine.StartAsync(
            host.Namespace, tap, mac,
            $"""
            ip link set eth0 up
            udhcpc -b -S -i eth0 -s /lease -t 60 -T 1 -A 1
            while ! ip -4 address show dev eth0 | grep -q inet; do sleep 0.2; done
            while ! ping -c 1 -W 1 {pings}; do :; done
            echo GUEST reaches {pings}
            """,
            new GuestContent { Scripts = new Dictionary<string, string>(StringComparer.Ordinal) { ["lease"] = lease } }));
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
