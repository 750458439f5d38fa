using System.Collections.Concurrent;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Broadcast and multicast of both families reach every member of the subnet once, on three hosts, and nobody else.</summary>
public sealed class FloodTests
{
    private const string Receive = """
        import socket, struct, sys
        s4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s4.bind(("", 4000))
        s4.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + struct.pack("=4si", b"\0\0\0\0", socket.if_nametoindex("eth0"))[:8])
        s6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s6.bind(("::", 4000))
        s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("=I", socket.if_nametoindex("eth0")))
        print("ready", flush=True)
        import select
        while True:
            for s in select.select([s4, s6], [], [])[0]:
                print(s.recv(100).decode(), flush=True)
        """;

    private const string Send = """
        import socket, sys
        name = sys.argv[1]
        s4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s4.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        s4.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        s4.sendto((name + " broadcast").encode(), ("255.255.255.255", 4000))
        s4.sendto((name + " multicast4").encode(), ("224.0.0.251", 4000))
        s6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        s6.sendto((name + " multicast6").encode(), ("ff02::fb", 4000, 0, socket.if_nametoindex("eth0")))
        """;

    [Theory]
    [InlineData("flooding: unicast")]
    [InlineData("flooding: multicast, multicastGroup: 239.1.1.1")]
    public async Task GroupFramesReachEveryMemberOnce(string flooding)
    {
        LabBuilder builder = new LabBuilder().Hosts("h1", "h2", "h3");
        foreach (string tenant in new[] { "blue", "red" })
        {
            builder.Document($$"""
                kind: VmNetwork
                name: {{tenant}}
                tenant: {{tenant}}
                subnets:
                - {vsid: {{(tenant == "blue" ? 5001 : 6001)}}, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"], {{flooding}}}
                - {vsid: {{(tenant == "blue" ? 5002 : 6002)}}, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"], {{flooding}}}
                """);
        }

        builder.Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"]).Vm("b2", "h1", "blue", 5001, ["10.0.0.6", "2001:db8:1::6"])
            .Vm("b3", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"]).Vm("b4", "h3", "blue", 5001, ["10.0.0.8", "2001:db8:1::8"], device: LabDevice.Tap)
            .Vm("other", "h2", "blue", 5002, ["10.0.1.5", "2001:db8:2::5"])
            .Vm("r1", "h2", "red", 6001, ["10.0.0.5", "2001:db8:1::5"]).Vm("r2", "h3", "red", 6001, ["10.0.0.6", "2001:db8:1::6"]);
        await using NetworkLab lab = await NetworkLab.StartAsync(builder.Build(), cancellationToken: TestContext.Current.CancellationToken);
        var heard = new Dictionary<string, (LabProgram Program, ConcurrentQueue<string> Lines)>();
        try
        {
            foreach (LabVm vm in lab.Vms)
            {
                LabProgram program = vm.Start("python3", "-c", Receive);
                heard[vm.Name] = (program, []);
                Assert.Equal("ready", await program.Output.ReadLineAsync(TestContext.Current.CancellationToken));
                _ = CollectAsync(program, heard[vm.Name].Lines);
            }

            (await lab.Vm("b1").ExecAsync("python3", "-c", Send, "blue")).EnsureSuccess();
            (await lab.Vm("r1").ExecAsync("python3", "-c", Send, "red")).EnsureSuccess();
            string[] kinds = ["broadcast", "multicast4", "multicast6"];
            foreach (string vm in new[] { "b2", "b3", "b4" })
            {
                await ExpectAsync(vm, [.. kinds.Select(k => "blue " + k)]);
            }

            await ExpectAsync("r2", [.. kinds.Select(k => "red " + k)]);
            Assert.Empty(Lines("other"));
            Assert.DoesNotContain(Lines("b1"), l => l.StartsWith("red", StringComparison.Ordinal));
            Assert.DoesNotContain(Lines("r1"), l => l.StartsWith("blue", StringComparison.Ordinal));
        }
        finally
        {
            foreach ((LabProgram program, _) in heard.Values)
            {
                await program.DisposeAsync();
            }
        }

        string[] Lines(string vm) => [.. heard[vm].Lines];

        async Task ExpectAsync(string vm, string[] expected)
        {
            await Eventually.TrueAsync(() => Task.FromResult(Lines(vm).Length >= expected.Length), $"{vm} hears {expected.Length} datagrams");
            Assert.Equal(expected.Order(), Lines(vm).Order()); // Each once, and nothing else.
        }
    }

    private static async Task CollectAsync(LabProgram program, ConcurrentQueue<string> lines)
    {
        while (await program.Output.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }
}
