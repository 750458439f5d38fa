using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Benchmarks;

/// <summary>What a copy of a broadcast costs, by the number of hosts that get one.</summary>
internal sealed class FloodBenchmark : IBenchmark
{
    private const string Time = "time";

    /// <summary>Copies that may be on their way when the sender waits for them: fewer than the kernel's queues have room for.</summary>
    private const int Window = 64;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public string Name => "flood";

    public string Title => "A VM's broadcasts copied to 2, 50 and 500 hosts: nanoseconds per copy, from the VM to the end of the wire";

    public string? FormsTitle => $"{Title}; each form beside a kernel VXLAN device with a list of remote ends, and a bridge, over its family";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        List<FanOut> fans = [];
        try
        {
            List<Variant> variants = [];
            foreach (int hosts in (int[])[2, 50, 500])
            {
                string group = string.Create(CultureInfo.InvariantCulture, $"{hosts} hosts");
                context.Progress($"building {group}");
                if (!context.Options.Forms)
                {
                    variants.Add(Make(group, Carrier.Vxlan, Build(Carrier.Vxlan, hosts, AddressFamily.InterNetwork), Forms.Common));
                    variants.Add(Make(group, Carrier.Hnv, Build(Carrier.Hnv, hosts, AddressFamily.InterNetwork), Forms.Common));
                    continue;
                }

                foreach (IGrouping<AddressFamily, EncapsulationForm> family in Forms.ByFamily)
                {
                    variants.Add(Make(Forms.Group(group, family.Key), Carrier.Vxlan, Build(Carrier.Vxlan, hosts, family.Key), Forms.Common));
                    FanOut fan = Build(Carrier.Hnv, hosts, family.Key);
                    variants.AddRange(family.Select(form => Make(Forms.Group(group, family.Key), Forms.Name(form), fan, form)));
                }
            }

            return await PairedRun.MeasureAsync(variants, [Carrier.Vxlan], [], context, cancellationToken);
        }
        finally
        {
            fans.ForEach(fan => fan.Dispose());
        }

        FanOut Build(string carrier, int hosts, AddressFamily family)
        {
            FanOut fan = FanOut.Build(carrier, hosts - 1, family);
            fans.Add(fan);
            return fan;
        }

        Variant Make(string group, string name, FanOut fan, EncapsulationForm form) => new(group, name, token => Task.Run(
            () =>
            {
                fan.Become(form.Encapsulation);
                return Measure(fan, context.Options.Duration, token);
            },
            token));
    }

    /// <exception cref="BenchException">Copies were lost.</exception>
    private static IReadOnlyList<Reading> Measure(FanOut fan, TimeSpan duration, CancellationToken cancellationToken)
    {
        byte[] frame = PacketBuilder.Ethernet(TwoHosts.SenderAdapter, MacAddress.FromBytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
            .IPv4(IPAddress.Parse("10.0.0.5"), IPAddress.Broadcast).Udp(9, 9).Payload(64 - 42).ToArray();
        int frames = Math.Max(1, Window / fan.Copies);
        ulong copies = 0, before = fan.Received();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < frames; i++)
            {
                fan.Sender.Send(frame);
            }

            copies += (ulong)(frames * fan.Copies);
            long sent = Stopwatch.GetTimestamp();
            while (fan.Received() - before < copies)
            {
                if (Stopwatch.GetElapsedTime(sent) > s_patience)
                {
                    throw new BenchException($"{copies - (fan.Received() - before)} of {frames * fan.Copies} copies were lost.");
                }
            }
        }

        return [new Reading(Time, "ns/copy", Stopwatch.GetElapsedTime(start).TotalNanoseconds / copies)];
    }
}
