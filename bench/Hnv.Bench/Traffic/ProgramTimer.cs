using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Traffic;

/// <summary>
/// Nanoseconds that a program takes for a packet, by BPF_PROG_RUN, without devices: one run for each of many packets, since a second
/// run on the same packet would find it encapsulated already. The kernel takes the time; what taking it costs is measured with a
/// program that does nothing, and told beside. Every run follows a system call, so that caches are colder than under load.
/// </summary>
internal sealed class ProgramTimer : IDisposable
{
    private const int Cpu = 0;
    private const int PayloadLength = 22;

    /// <summary>Runs that are not counted: whoever was measured before has left its own programs and maps in the caches.</summary>
    private const int Warm = 50;

    private readonly TwoHosts _hosts;
    private readonly MacAddress _destination;
    private readonly BpfProgram _empty;
    private readonly BpfProgram _fromVm;
    private readonly BpfProgram _fromWire;

    private ProgramTimer(TwoHosts hosts, MacAddress destination, BpfProgram fromVm, BpfProgram fromWire)
    {
        (_hosts, _destination, _fromVm, _fromWire) = (hosts, destination, fromVm, fromWire);
        using BpfObject empty = BenchPrograms.Open("empty");
        empty.Load();
        _empty = empty.OpenProgram("empty");
    }

    /// <param name="routed">Whether packets go to the distributed gateway's MAC, or to the receiver's.</param>
    public static ProgramTimer Of(HnvHosts hosts, bool routed) => new(
        hosts,
        routed ? HnvHosts.GatewayMac : TwoHosts.ReceiverAdapter,
        BpfProgram.OpenPinned(Path.Combine(hosts.PinsOf(hosts.Host1), "prog_port_ingress")),
        BpfProgram.OpenPinned(Path.Combine(hosts.PinsOf(hosts.Host2), "prog_uplink_ingress")));

    public static ProgramTimer Of(BareHosts hosts) => new(
        hosts,
        TwoHosts.ReceiverAdapter,
        BenchPrograms.OpenAttached(hosts.Host1, TwoHosts.Port),
        BenchPrograms.OpenAttached(hosts.Host2, TwoHosts.Uplink));

    /// <returns>Medians, in nanoseconds: encapsulating, decapsulating, and doing nothing.</returns>
    /// <exception cref="BenchException">A packet was not forwarded.</exception>
    public IReadOnlyList<Reading> Measure(IReadOnlyList<IPAddress> destinations, int runs)
    {
        var packets = new byte[Warm + runs][];
        for (int i = 0; i < packets.Length; i++)
        {
            packets[i] = PacketBuilder.Ethernet(TwoHosts.SenderAdapter, _destination).IPv4(_hosts.SenderAddress, destinations[i % destinations.Count])
                .Udp(1024, 9).Payload(new byte[PayloadLength]).ToArray();
        }

        (double fromVm, byte[][] encapsulated) = Run(_hosts.Host1, _fromVm, TwoHosts.Port, packets);
        (double fromWire, _) = Run(_hosts.Host2, _fromWire, TwoHosts.Uplink, encapsulated);
        (double nothing, _) = Run(_hosts.Host1, _empty, TwoHosts.Port, packets);
        return [new Reading("from a VM", "ns", fromVm), new Reading("from the wire", "ns", fromWire), new Reading("an empty program", "ns", nothing)];
    }

    public void Dispose()
    {
        _empty.Dispose();
        _fromVm.Dispose();
        _fromWire.Dispose();
    }

    private (double Nanoseconds, byte[][] Packets) Run(Machine host, BpfProgram program, string link, byte[][] packets)
    {
        const int redirect = 7; // TC_ACT_REDIRECT
        var after = new byte[packets.Length][];
        var nanoseconds = new double[packets.Length];
        var context = new SkBuffContext { Interface = (uint)host.IndexOf(link) };
        // The interface in the context is looked up in the namespace of the calling thread, which a new thread inherits.
        host.Inside.Run(() => CpuPinning.Run(Cpu, () =>
        {
            for (int i = 0; i < packets.Length; i++)
            {
                BpfTestRun run = program.TestRun(packets[i], context);
                if (run.ReturnValue != redirect && program != _empty)
                {
                    throw new BenchException($"{program} did not forward packet {i}: it answered {run.ReturnValue}.");
                }

                (after[i], nanoseconds[i]) = (run.Packet, run.Nanoseconds);
            }
        }));
        return (Statistics.Median(nanoseconds[Warm..]), after);
    }
}
