using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>Traffic between a VM and a customer of a stranger.</summary>
internal static class ForeignTraffic
{
    private const int Tries = 20, Datagrams = 20, Bulk = 1 << 20;

    /// <summary>Pings, TCP and UDP, of both families, begun by either side.</summary>
    /// <param name="netns">The customer's network namespace.</param>
    public static async Task AssertPassesAsync(LabVm vm, string netns, Customer customer)
    {
        foreach ((IPAddress here, IPAddress there) in ((IPAddress, IPAddress)[])[(vm.Address4, customer.V4), (vm.Address6, customer.V6)])
        {
            await AssertReachesAsync(netns, here);
            Assert.True(await vm.CanPingAsync(there, Tries), $"{there} does not answer {vm.Name}");
            foreach ((string from, string to, IPAddress source, IPAddress address) in ((string, string, IPAddress, IPAddress)[])
                [(vm.Namespace, netns, here, there), (netns, vm.Namespace, there, here)])
            {
                await Transfer.AssertArrivesAsync(from, to, address, Bulk);
                await AssertDatagramsArriveAsync(from, to, source, address);
            }
        }
    }

    /// <summary>What goes to all reaches the other side: the VMs' broadcasts the customer, the customer's broadcast and IPv6 multicast the VMs.</summary>
    /// <param name="vms">Of hosts to which the stranger sends its copies.</param>
    /// <param name="link">The customer's.</param>
    public static async Task AssertGroupsPassAsync(LabVm[] vms, string netns, string link, Customer customer)
    {
        await Shell.RunAsync(string.Join('\n', vms.Select(v => v.Namespace).Append(netns).Select(n => $"ip netns exec {n} sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0")));
        foreach (LabVm vm in vms)
        {
            await AnswersAsync(async () => (await vm.ExecAsync("ping", "-n", "-b", "-c", "2", "-i", "0.2", "-W", "1", "10.0.0.255")).Output, customer.V4);
        }

        await AnswersAsync(() => Stranger.InAsync(netns, "ping -n -b -c 2 -i 0.2 -W 1 10.0.0.255 || true"), [.. vms.Select(v => v.Address4)]);
        await AnswersAsync(() => Stranger.InAsync(netns, $"ping -6 -n -c 2 -i 0.2 -W 1 -I {customer.V6} ff02::1%{link} || true"), [.. vms.Select(v => v.Address6)]);
    }

    private static Task AnswersAsync(Func<Task<string>> ask, params IPAddress[] from)
    {
        string heard = string.Empty;
        return Eventually.TrueAsync(
            async () =>
            {
                heard = await ask();
                return from.All(a => heard.Contains($"from {a}:", StringComparison.Ordinal));
            },
            $"{string.Join<IPAddress>(", ", from)} answer what is sent to all", () => heard);
    }

    /// <summary>From the customer: pings.</summary>
    public static Task AssertReachesAsync(string netns, IPAddress address) =>
        Stranger.InAsync(netns, $"for i in $(seq {Tries}); do ping -n -c 1 -W 1 {address} && exit 0; done; exit 1");

    /// <summary>To a customer in another kernel, at whose address an iperf3 serves: pings, and TCP and UDP of both directions.</summary>
    public static async Task AssertServedAsync(LabVm vm, IPAddress address)
    {
        Assert.True(await vm.CanPingAsync(address, Tries), $"{address} does not answer {vm.Name}");
        foreach (string[] direction in (string[][])[[], ["-R"]])
        {
            JsonElement tcp = await IperfAsync(vm, address, "sum_received", ["-n", "512K", .. direction]);
            // What the receiver tells of itself ends when the sender has written, not when all was read.
            Assert.True(tcp.GetProperty("sum_sent").GetProperty("bytes").GetInt64() >= 1 << 19 && tcp.GetProperty("sum_received").GetProperty("bytes").GetInt64() > 1 << 15, tcp.GetRawText());
            JsonElement udp = (await IperfAsync(vm, address, "sum", ["-u", "-b", "2M", "-l", "1000", "-n", "20K", .. direction])).GetProperty("sum");
            Assert.True(udp.GetProperty("packets").GetInt64() >= 20 && udp.GetProperty("lost_percent").GetDouble() < 50, udp.GetRawText());
        }
    }

    /// <summary>Datagrams of several lengths, one after the other as each arrives.</summary>
    private static async Task AssertDatagramsArriveAsync(string from, string to, IPAddress source, IPAddress address)
    {
        using Socket sender = Open(from, source), receiver = Open(to, address);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Eventually.Patience);
        byte[] received = new byte[2000];
        for (int i = 0; i < Datagrams; i++)
        {
            byte[] sent = RandomNumberGenerator.GetBytes(1 + (i * 1300 / Datagrams));
            await sender.SendToAsync(sent, receiver.LocalEndPoint!, deadline.Token);
            int length = await receiver.ReceiveAsync(received, deadline.Token);
            Assert.True(received.AsSpan(0, length).SequenceEqual(sent), $"A datagram of {sent.Length} bytes from {source} to {address} arrived as another.");
        }
    }

    private static Socket Open(string netns, IPAddress address)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        return inside.Run(() =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return socket;
        });
    }

    /// <summary>What iperf3 tells at the end. One whose control connection breaks off says success, and nothing else.</summary>
    private static async Task<JsonElement> IperfAsync(LabVm vm, IPAddress address, string told, string[] options)
    {
        CommandResult result = null!;
        for (int i = 0; i < Tries; i++)
        {
            result = await vm.ExecAsync(["iperf3", "-J", "-c", address.ToString(), "-C", "cubic", .. options]);
            if (result.ExitCode == 0)
            {
                using JsonDocument document = JsonDocument.Parse(result.Output);
                if (document.RootElement.TryGetProperty("end", out JsonElement end) && end.TryGetProperty(told, out _))
                {
                    return end.Clone();
                }
            }
        }

        throw new LabException($"iperf3 does not come to its end in {Tries} tries: {result.Output}{result.Error}");
    }
}
