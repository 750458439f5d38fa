using System.Globalization;
using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Datapath.Reading;

namespace Hnv.Bench.Benchmarks;

/// <summary>What a large cloud costs a packet: the same traffic with one lookup record and with a million, destinations at random.</summary>
internal sealed class RecordsBenchmark : IBenchmark
{
    private const string Programs = "programs alone";
    private const string Devices = "through devices";
    private const string Memory = "kernel memory";
    private const int RandomSeed = 7637;

    public string Name => "records";

    public string Title => "One lookup record against many, destinations at random: nanoseconds per packet, packets per second, memory of the map";

    public string? SameInAllForms => "records are found by virtual subnet and address, before the form is known, in one map for all forms";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        int[] sizes = context.Options.Quick ? [1, 500, 1_000] : [1, 10_000, 1_000_000];
        int runs = context.Options.Quick ? 500 : 20_000;
        using var topologies = new TopologySet();
        List<IDisposable> owned = [];
        try
        {
            List<Variant> variants = [];
            foreach (int size in sizes)
            {
                context.Progress($"filling two hosts with {Label(size)}");
                HnvHosts hosts = topologies.Add(TwoHosts.Build(new HnvHosts(new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth), far: true)));
                IPAddress[] addresses = [.. Enumerable.Range(0, size).Select(AddressOf)];
                hosts.AddRecords(addresses);
                hosts.Sender.Netlink.AddRoute(new Linux.Netlink.RouteSpec(HnvHosts.FarPrefix) { Gateway = HnvHosts.Gateway });
                new Random(RandomSeed).Shuffle(addresses);

                var flood = new PacketFlood(hosts);
                var programs = ProgramTimer.Of(hosts, routed: true);
                owned.AddRange([flood, programs]);
                // As many addresses whatever the number of records, so that the sender's own list costs the same.
                IPAddress[] destinations = [.. Enumerable.Range(0, sizes[^1]).Select(i => addresses[i % size])];
                variants.Add(new Variant(Programs, Label(size), _ => Task.Run(() => programs.Measure(destinations, runs), cancellationToken)));
                variants.Add(new Variant(Devices, Label(size), token => flood.MeasureAsync(destinations, context.Options.Duration, token)));
                variants.Add(new Variant(Memory, Label(size), _ => Task.FromResult(Usage(hosts))));
            }

            return await PairedRun.MeasureAsync(variants, [Label(1)], [], context, cancellationToken);
        }
        finally
        {
            owned.ForEach(one => one.Dispose());
        }
    }

    private static string Label(int size) => size == 1 ? "1 record" : size.ToString("N0", CultureInfo.InvariantCulture).Replace(',', ' ') + " records";

    /// <summary>The n-th address behind the gateway's of <see cref="HnvHosts.FarPrefix"/>.</summary>
    private static IPAddress AddressOf(int n)
    {
        byte[] bytes = HnvHosts.FarPrefix.BaseAddress.GetAddressBytes();
        uint value = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes) + 2 + (uint)n;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return new IPAddress(bytes);
    }

    private static IReadOnlyList<Reading> Usage(HnvHosts hosts)
    {
        TableUsage records = hosts.Dataplane1.ReadUsage().Single(table => table.Name == "records");
        long bytes = records.Bytes ?? throw new BenchException("The kernel does not tell the memory of the map of records.");
        var whole = new Reading("map of records", "MiB", bytes / 1048576.0);
        // A nearly empty map is all buckets: its share of a record says nothing.
        return records.Entries < 100 ? [whole] : [whole, new Reading("per record", "bytes", bytes / (double)records.Entries)];
    }
}
