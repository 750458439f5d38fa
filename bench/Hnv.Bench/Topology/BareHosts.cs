using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
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

    /// <summary>As the data plane's own (<c>docs/design/datapath.md</c>): the kernel's segment routing clears the tunnel state.</summary>
    private static int AddNormaliser(Machine host, int port)
    {
        int input = host.Netlink.CreateVeth(new VethSpec("in", "out") { Mtu = 65_535 }).Index, output = host.IndexOf("out");
        host.Inside.Run(() => Sysctl.Write("net/ipv6/conf/out/disable_ipv6", 0));
        host.Netlink.ChangeLink(output, new LinkChange { Mac = PhysicalAddress.Parse("02-48-00-00-00-00") });
        host.Netlink.SetUp(input);
        host.Netlink.SetUp(output);
        host.Netlink.AddRoute(new RouteSpec(IPNetwork.Parse("fd48:4e56::1/128")) { InterfaceIndex = output, DecapsulateTo = output });
        using BpfObject exit = BenchPrograms.Open("bare_normaliser_exit");
        exit.SetGlobal("port", port);
        exit.Attach(host, "out", TcDirection.Egress);
        return output;
    }

    private static uint InNetworkOrder(IPAddress address) => BinaryPrimitives.ReadUInt32LittleEndian(address.GetAddressBytes());
}
