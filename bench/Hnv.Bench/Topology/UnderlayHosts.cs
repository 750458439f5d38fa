using System.Net;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>
/// No encapsulation: both hosts are plain IP routers. What the devices and namespaces can carry at best. The VMs' packets are what crosses between the
/// hosts, so over IPv6 the VMs speak IPv6.
/// </summary>
internal sealed class UnderlayHosts(TwoHostsSpec spec) : TwoHosts(spec)
{
    public override IPAddress SenderAddress => IPAddress.Parse(IsOverIPv6 ? "fd00:1::5" : "10.0.1.5");

    public override IPAddress ReceiverAddress => IPAddress.Parse(IsOverIPv6 ? "fd00:2::7" : "10.0.2.7");

    protected override int Overhead => 0;

    protected override void Connect()
    {
        ConfigureVms();
        if (IsOverIPv6)
        {
            AddHop(Host1, "fd00:1::1", Sender, "fd00:2::/64", Host2Address);
            AddHop(Host2, "fd00:2::1", Receiver, "fd00:1::/64", Host1Address);
            return;
        }

        AddHop(Host1, "10.0.1.1", Sender, "10.0.2.0/24", Host2Address);
        AddHop(Host2, "10.0.2.1", Receiver, "10.0.1.0/24", Host1Address);
    }

    private void AddHop(Machine host, string gateway, Machine vm, string beyond, IPAddress peer)
    {
        if (IsOverIPv6)
        {
            host.AllowIPv6(Port);
        }

        host.Netlink.AddAddress(host.IndexOf(Port), IPAddress.Parse(gateway), IsOverIPv6 ? 64 : 24);
        host.Inside.Run(() => Sysctl.Write(IsOverIPv6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward", 1));
        host.Netlink.AddRoute(new RouteSpec(IPNetwork.Parse(beyond)) { Gateway = peer });
        vm.Netlink.AddRoute(new RouteSpec(IPNetwork.Parse(beyond)) { Gateway = IPAddress.Parse(gateway) });
    }
}
