using System.Buffers.Binary;
using System.Net;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>
/// NVGRE by the two minimal programs of <c>bench/bpf</c>: one fixed peer, one fixed port, no policy, no checks, no counters. What any
/// data plane of this design can reach at best.
/// </summary>
internal sealed class BareHosts(TwoHostsSpec spec) : TwoHosts(spec)
{
    private const uint Vsid = 5001;

    protected override int Overhead => 42;

    protected override void Connect()
    {
        ConfigureVms();
        // Nobody answers ARP here.
        Sender.Netlink.SetNeighbour(Sender.IndexOf(Adapter), ReceiverAddress, ReceiverMac);
        Receiver.Netlink.SetNeighbour(Receiver.IndexOf(Adapter), SenderAddress, SenderMac);
        Attach(Host1, Host1Address, Host2Address, Cable.Veth);
        Attach(Host2, Host2Address, Host1Address, Cable);
    }

    private static void Attach(Machine host, IPAddress local, IPAddress peer, Cable cable)
    {
        int port = host.IndexOf(Port);
        using BpfObject encapsulate = BenchPrograms.Open("bare_encap");
        encapsulate.SetGlobal("local_pa", InNetworkOrder(local));
        encapsulate.SetGlobal("peer_pa", InNetworkOrder(peer));
        encapsulate.SetGlobal("vsid", Vsid);
        encapsulate.SetGlobal("uplink", host.IndexOf(Uplink));
        encapsulate.AttachToIngress(host, Port);

        using BpfObject decapsulate = BenchPrograms.Open("bare_decap");
        decapsulate.SetGlobal("port", port);
        decapsulate.SetGlobal("port_has_peer", cable == Cable.Veth ? 1 : 0);
        decapsulate.SetGlobal("normaliser", cable == Cable.Tap ? AddNormaliser(host, port) : 0);
        decapsulate.AttachToIngress(host, Uplink);
    }

    /// <summary>As the data plane's own (<c>docs/design/datapath.md</c>): segments in one end, plain super-packets out of the other.</summary>
    private static int AddNormaliser(Machine host, int port)
    {
        int input = host.Netlink.CreateVeth(new VethSpec("in", "out") { Mtu = 65_535 }).Index;
        host.SetFeatures("in", false, "tcp-segmentation-offload", "tx-gre-segmentation", "tx-gre-csum-segmentation");
        host.SetFeatures("out", true, "generic-receive-offload");
        using BpfObject forward = BenchPrograms.Open("bare_normaliser");
        forward.SetGlobal("port", port);
        forward.AttachToIngress(host, "out");
        host.Netlink.SetUp(input);
        host.Netlink.SetUp(host.IndexOf("out"));
        return input;
    }

    private static uint InNetworkOrder(IPAddress address) => BinaryPrimitives.ReadUInt32LittleEndian(address.GetAddressBytes());
}
