using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Bpf;
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

    private readonly HnvHosts _hosts;
    private readonly BpfProgram _empty;
    private readonly BpfProgram _fromVm;
    private readonly BpfProgram _fromWire;

    public ProgramTimer(HnvHosts hosts)
    {
        _hosts = hosts;
        using BpfObject empty = BenchPrograms.Open("empty");
        empty.Load();
        _empty = empty.OpenProgram("empty");
        _fromVm = BpfProgram.OpenPinned(Path.Combine(hosts.PinsOf(hosts.Host1), "prog_port_ingress"));
        _fromWire = BpfProgram.OpenPinned(Path.Combine(hosts.PinsOf(hosts.Host2), "prog_uplink_ingress"));
    }

    /// <returns>Medians, in nanoseconds: encapsulating, decapsulating, and doing nothing.</returns>
    /// <exception cref="BenchException">A packet was not forwarded.</exception>
    public IReadOnlyList<Reading> Measure(IReadOnlyList<IPAddress> destinations, int runs)
    {
        var packets = new byte[runs][];
        for (int i = 0; i < runs; i++)
        {
            packets[i] = Packet(destinations[i % destinations.Count]);
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
        // The namespace is entered last: the interface in the context is looked up in the calling thread's.
        CpuPinning.Run(Cpu, () => host.Inside.Run(() =>
        {
            var context = new SkBuffContext { Interface = (uint)host.IndexOf(link) };
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
        return (Statistics.Median(nanoseconds), after);
    }

    private byte[] Packet(IPAddress destination) =>
        PacketBuilder.Ethernet(HnvHosts.SenderAdapter, HnvHosts.GatewayMac).IPv4(_hosts.SenderAddress, destination).Udp(1024, 9).Payload(new byte[PayloadLength]).ToArray();
}
