using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// A further provider network between the hosts of a lab, over uplinks of a kind, with addresses of both families. All remote adapters are placed at the
/// addresses of one family of it; at disposal they are back, and the devices gone.
/// </summary>
internal sealed class ProviderNetwork : IDisposable
{
    public const string Plain = "plain", Shaped = "plain with queues and filters of others", Queued = "plain behind fq", Bridge = "bridge", Macvlan = "macvlan", Vlan = "VLAN", Backup = "bond active-backup", Balance = "bond balance-xor", Lacp = "bond 802.3ad";
    public const string Vrf = "plain in a VRF", Team = "team", Ipvlan = "ipvlan";
    public const string Stack = "bridge on a VLAN of a bond";

    /// <summary>To which sockets are bound that use the addresses of <see cref="Vrf"/>.</summary>
    public const string VrfDevice = "vrf1";

    private const int Mtu = 1500;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);
    private readonly DeviceLab _lab;
    private readonly AddressFamily _family;
    private readonly (DeviceAdapter OfA, DeviceAdapter[] OfB) _adapters;

    public ProviderNetwork(DeviceLab lab, string kind, AddressFamily family, DeviceAdapter ofA, params DeviceAdapter[] ofB)
    {
        (_lab, _family, _adapters) = (lab, family, (ofA, ofB));
        Ip(lab.A, $"link add nic0 type veth peer name nic0 netns {lab.B.Namespace.Description}");
        Ip(lab.A, $"link add nic1 type veth peer name nic1 netns {lab.B.Namespace.Description}");
        foreach ((DeviceHost host, int number) in Hosts)
        {
            Make(host, kind);
            Ip(host, $"address add {Address(AddressFamily.InterNetwork, number)}/24 dev {Uplink}");
            Ip(host, $"address add {Address(AddressFamily.InterNetworkV6, number)}/64 dev {Uplink} nodad");
        }

        foreach ((DeviceHost host, int number) in Hosts)
        {
            int index = host.Route.GetLink(Uplink).Index;
            Assert.True(host.Route.WaitUntilRunning(index, s_deadline), $"{kind} is not up");
            Assert.True(kind != Lacp || SpinWait.SpinUntil(() => IsAggregated(host), s_deadline), "LACP has not taken up both links");
            host.AddNetwork(index, Address(family, number), Address(family, 3 - number), Mtu);
        }

        Place(Address(family, 1), Address(family, 2));
    }

    /// <summary>Name of the uplink at each host.</summary>
    public static string Uplink => "up1";

    private (DeviceHost Host, int Number)[] Hosts => [(_lab.A, 1), (_lab.B, 2)];

    public static IPAddress Address(AddressFamily family, int host) =>
        IPAddress.Parse(family == AddressFamily.InterNetwork ? $"192.168.77.{host}" : $"2001:db8:77::{host}");

    public static void Ip(DeviceHost host, string arguments) => Run("ip", host, arguments);

    /// <returns>What the tool wrote to stdout.</returns>
    public static string Run(string tool, DeviceHost host, string arguments) => Command.Run(tool, ["-n", host.Namespace.Description, .. arguments.Split(' ')]);

    public void Dispose()
    {
        Place(_lab.A.PaOf(_family), _lab.B.PaOf(_family));
        foreach ((DeviceHost host, int number) in Hosts)
        {
            host.RemoveNetwork(host.Route.GetLink(Uplink).Index, Address(_family, number), Address(_family, 3 - number));
            host.Apply();
        }

        foreach ((DeviceHost host, _) in Hosts)
        {
            foreach (string name in (string[])[Uplink, "vlan1", "bond1", VrfDevice, "nic0", "nic1"])
            {
                if (host.Route.FindLink(name) is { } link)
                {
                    host.Route.DeleteLink(link.Index);
                }
            }
        }
    }

    private static void Make(DeviceHost host, string kind)
    {
        switch (kind)
        {
            case Plain or Shaped or Queued:
                Ip(host, $"link set nic0 name {Uplink}");
                if (kind == Queued)
                {
                    Run("tc", host, $"qdisc add dev {Uplink} root fq");
                }

                if (kind == Shaped)
                {
                    Shape(host);
                }

                break;
            case Bridge:
                MakeBridge(host, "nic0");
                break;
            case Macvlan:
                Ip(host, $"link add link nic0 name {Uplink} type macvlan mode bridge");
                break;
            case Vlan:
                Ip(host, $"link add link nic0 name {Uplink} type vlan id 77");
                break;
            case Backup:
                MakeBond(host, Uplink, "active-backup");
                break;
            case Balance:
                MakeBond(host, Uplink, "balance-xor xmit_hash_policy layer3+4");
                break;
            case Lacp:
                // Not at the fast rate, where three seconds without a word of the partner end a link: a busy machine has such.
                MakeBond(host, Uplink, "802.3ad xmit_hash_policy layer3+4");
                break;
            case Vrf:
                Ip(host, $"link add {VrfDevice} up type vrf table 77");
                Ip(host, $"link set nic0 name {Uplink} master {VrfDevice}");
                break;
            case Ipvlan:
                Ip(host, $"link add link nic0 name {Uplink} type ipvlan mode l2");
                break;
            case Team:
                Ip(host, $"link add {Uplink} type team");
                Ip(host, $"netns exec {host.Namespace.Description} teamnl {Uplink} setoption mode roundrobin");
                Ip(host, $"link set nic0 master {Uplink}");
                Ip(host, $"link set nic1 master {Uplink}");
                break;
            case Stack:
                MakeBond(host, "bond1", "balance-xor xmit_hash_policy layer3+4");
                Ip(host, "link set bond1 up");
                Ip(host, "link add link bond1 name vlan1 type vlan id 77");
                MakeBridge(host, "vlan1");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of uplink");
        }

        foreach (string name in (string[])["nic0", "nic1", "vlan1", Uplink])
        {
            if (host.Route.FindLink(name) is { } link)
            {
                host.Route.SetUp(link.Index);
            }
        }
    }

    /// <summary>As an administrator would, before there is an agent.</summary>
    private static void Shape(DeviceHost host)
    {
        Run("tc", host, $"qdisc add dev {Uplink} root handle 1: htb default 10");
        Run("tc", host, $"class add dev {Uplink} parent 1: classid 1:10 htb rate 10gbit");
        Run("tc", host, $"qdisc add dev {Uplink} clsact");
        foreach ((string direction, int priority) in (ReadOnlySpan<(string, int)>)[("ingress", 100), ("ingress", 300), ("egress", 400)])
        {
            Run("tc", host, $"filter add dev {Uplink} {direction} protocol ip prio {priority} u32 match u32 0 0 action mirred egress mirror dev lo continue");
        }
    }

    private static void MakeBridge(DeviceHost host, string member)
    {
        Ip(host, $"link add {Uplink} type bridge forward_delay 0");
        Ip(host, $"link set {member} master {Uplink}");
    }

    private static void MakeBond(DeviceHost host, string name, string mode)
    {
        Ip(host, $"link add {name} type bond miimon 10 mode {mode}");
        Ip(host, $"link set nic0 master {name}");
        Ip(host, $"link set nic1 master {name}");
    }

    /// <summary>
    /// Whether both ends of both links collect and distribute (IEEE 802.1AX, 6.4.2.3): before, one end may send over a link that the other drops
    /// frames of, and flows move to a link that joins.
    /// </summary>
    private static bool IsAggregated(DeviceHost host)
    {
        const int carries = 0x30; // Collecting, Distributing
        using JsonDocument links = JsonDocument.Parse(Run("ip", host, $"-d -j link show master {Uplink}"));
        JsonElement[] ports = [.. links.RootElement.EnumerateArray().Select(static l => l.GetProperty("linkinfo").GetProperty("info_slave_data"))];
        return ports.Length == 2
            && ports.All(static p => (p.GetProperty("ad_actor_oper_port_state").GetInt32() & p.GetProperty("ad_partner_oper_port_state").GetInt32() & carries) == carries);
    }

    private void Place(IPAddress a, IPAddress b)
    {
        _lab.B.Place(_adapters.OfA, a);
        foreach (DeviceAdapter adapter in _adapters.OfB)
        {
            _lab.A.Place(adapter, b);
        }

        _lab.A.Apply();
        _lab.B.Apply();
    }
}
