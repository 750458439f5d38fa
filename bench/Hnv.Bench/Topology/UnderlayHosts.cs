using System.Net;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>No encapsulation: both hosts are plain IP routers. What the devices and namespaces can carry at best.</summary>
internal sealed class UnderlayHosts(TwoHostsSpec spec) : TwoHosts(spec)
{
    public override IPAddress SenderAddress { get; } = IPAddress.Parse("10.0.1.5");

    public override IPAddress ReceiverAddress { get; } = IPAddress.Parse("10.0.2.7");

    protected override int Overhead => 0;

    protected override void Connect()
    {
        ConfigureVms();
        AddHop(Host1, "10.0.1.1", Sender, "10.0.2.0/24", Host2Address);
        AddHop(Host2, "10.0.2.1", Receiver, "10.0.1.0/24", Host1Address);
    }

    private static void AddHop(Machine host, string gateway, Machine vm, string beyond, IPAddress peer)
    {
        host.Netlink.AddAddress(host.IndexOf(Port), IPAddress.Parse(gateway), 24);
        host.Inside.Run(() => Sysctl.Write("net/ipv4/ip_forward", 1));
        host.Netlink.AddRoute(new RouteSpec(IPNetwork.Parse(beyond)) { Gateway = peer });
        vm.Netlink.AddRoute(new RouteSpec(IPNetwork.Parse("0.0.0.0/0")) { Gateway = IPAddress.Parse(gateway) });
    }
}
