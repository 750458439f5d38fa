using System.Net;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;

namespace Hnv.Bench.Topology;

/// <summary>What people use today: a Linux bridge that learns, with a kernel VXLAN device to the other host.</summary>
internal sealed class VxlanHosts(TwoHostsSpec spec) : TwoHosts(spec)
{
    private const string Bridge = "br0";

    /// <summary>Outer IP, UDP and VXLAN headers and the inner Ethernet header.</summary>
    protected override int Overhead => (Form with { Encapsulation = Encapsulation.Vxlan }).Room;

    protected override void Connect()
    {
        ConfigureVms();
        Join(Host1, Host1Address, Host2Address);
        Join(Host2, Host2Address, Host1Address);
    }

    private void Join(Machine host, IPAddress local, IPAddress remote)
    {
        int bridge = host.Netlink.CreateBridge(new BridgeSpec(Bridge)).Index;
        int tunnel = host.Netlink.CreateVxlan(new VxlanSpec("vxlan0", 5001)
        {
            Local = local, Remote = remote, Device = host.IndexOf(Uplink), Mtu = WireMtu - Overhead, ZeroChecksum6 = IsOverIPv6, // As HNV sends it.
        }).Index;
        foreach (int port in (int[])[tunnel, host.IndexOf(Port)])
        {
            host.Netlink.ChangeLink(port, new LinkChange { Master = bridge });
            host.Netlink.SetUp(port);
        }

        host.Netlink.SetUp(bridge);
    }
}
