using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Lab;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Benchmarks;

/// <summary>
/// A VM announces an address; VMs of two other hosts ask for it all the time, and their hosts answer from the kernel's map once it is there. Nothing floods, so that the only way is
/// from the kernel to the agent, the controller, the other agents and their kernels.
/// </summary>
internal static class LearnedAgents
{
    private const uint Vsid = 5001;
    private const int Warm = 10;
    private const string Group = "one address, three hosts with agents";
    private static readonly MacAddress s_mac = MacAddress.FromBytes([6, 6, 0, 0, 0, 1]);
    private static readonly MacAddress s_broadcast = MacAddress.FromBytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        context.Progress("starting three hosts with agents");
        LabBuilder builder = new LabBuilder().Hosts("h1", "h2", "h3").Document($$"""
            kind: VmNetwork
            name: n
            tenant: n
            subnets:
            - {vsid: {{Vsid}}, prefixes: ["10.0.0.0/16"], learning: dynamic}
            """);
        foreach (int i in (int[])[1, 2, 3])
        {
            builder.Document($"""
                kind: Port
                name: p{i}
                tenant: n
                vmNetwork: n
                vsid: {Vsid}
                host: h{i}
                interface: p{i}
                mac: 06:06:00:00:00:0{i}
                addresses: [10.0.0.1{i}]
                dynamicAddressLimit: 1024
                """).Vm($"v{i}", $"h{i}", [$"n/p{i}"]);
        }

        await using NetworkLab lab = await NetworkLab.StartAsync(builder.Build(), Labs.Options(context.Options), cancellationToken);
        using PacketSocket announcing = lab.Vm("v1").OpenPacketSocket();
        PacketSocket[] asking = [.. ((int[])[2, 3]).Select(i => lab.Vm($"v{i}").OpenPacketSocket(options: new PacketSocketOptions { IgnoreOutgoing = true }))];
        List<double> times = [];
        try
        {
            context.Progress("single changes, three hosts with agents");
            int repetitions = Math.Max(20, context.Options.EffectiveRounds * 20);
            for (int n = 0; n < repetitions + Warm; n++)
            {
                var address = IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.0.{1 + (n / 200)}.{1 + (n % 200)}"));
                long start = Stopwatch.GetTimestamp();
                announcing.Send(Arp(s_mac, address, address));
                double[] each = await Task.WhenAll(asking.Index().Select(a => Task.Factory.StartNew(
                    () => Until(a.Item, a.Index + 2, address, start, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
                times.AddRange(n < Warm ? [] : each);
                await Task.Delay(Random.Shared.Next(20, 60), cancellationToken); // Nobody's rhythm.
            }
        }
        finally
        {
            Array.ForEach(asking, static s => s.Dispose());
        }

        double late = Statistics.Percentile(times, 0.99);
        return new BenchResult
        {
            Series = [.. Labs.Distribution(Group, "learned to usable elsewhere", "ms", times)],
            Aims = [new AimOutcome("learned on one host, usable on two others within 50 ms (99 %)", late, late < 50)],
        };
    }

    /// <summary>Asks every millisecond until the answer comes.</summary>
    private static double Until(PacketSocket socket, int vm, IPAddress address, long start, CancellationToken cancellationToken)
    {
        MacAddress mac = MacAddress.FromBytes([6, 6, 0, 0, 0, (byte)vm]);
        byte[] question = Arp(mac, IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.0.0.1{vm}")), address);
        byte[] frame = new byte[2048];
        while (Stopwatch.GetElapsedTime(start) < s_patience)
        {
            cancellationToken.ThrowIfCancellationRequested();
            socket.Send(question);
            while (socket.Receive(frame, TimeSpan.FromMilliseconds(1)) is var length and > 0)
            {
                if (length >= 42 && frame[12] == 8 && frame[13] == 6 && ArpPacket.TryParse(frame.AsSpan(14, length - 14), out ArpPacket answer)
                    && answer is { Operation: ArpOperation.Reply } && answer.SenderAddress.Equals(address))
                {
                    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                }
            }
        }

        throw new BenchException($"{address} is not known to the host of v{vm}.");
    }

    private static byte[] Arp(MacAddress mac, IPAddress sender, IPAddress target) =>
        PacketBuilder.Ethernet(mac, s_broadcast).Arp(new ArpPacket(ArpOperation.Request, mac, sender, default, target)).ToArray();
}
