using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Lab.Machine;

/// <summary>
/// Makes namespaces and cables, and mends what is missing; what is right is left alone.
/// <code>
///   NAME-VM            NAME-HOST                NAME-fabric
///   eth0 ──veth── v-VM      up0 ──veth── HOST-up0 ─ br0
/// </code>
/// The port's end of a VM's cable stays down: the agent sets it up when the data plane guards it.
/// </summary>
internal sealed class LabWiring(string prefix)
{
    private const string BridgeName = "br0";

    /// <summary>Name of a machine's namespace.</summary>
    public string NamespaceOf(string machine) => $"{prefix}-{machine}";

    /// <summary>The namespace of the provider network.</summary>
    public string Fabric => NamespaceOf(LabFileReader.FabricName);

    /// <summary>The fabric's end of an uplink's cable.</summary>
    public static string FabricPort(string host, string uplink)
    {
        string name = $"{host}-{uplink}";
        return name.Length <= 15 ? name : $"f{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)))[..12]}";
    }

    /// <summary>Makes the fabric's namespace and bridge.</summary>
    public void EnsureFabric()
    {
        using NetworkNamespace fabric = EnsureNamespace(Fabric);
        using Rtnetlink links = Rtnetlink.Of(fabric);
        LinkInfo bridge = links.FindLink(BridgeName) ?? links.CreateBridge(new BridgeSpec(BridgeName) { MulticastSnooping = false });
        // A bridge without an MTU of its own follows its ports; jumbo uplinks must pass.
        fabric.Run(() => Sysctl.Write($"net/ipv6/conf/{BridgeName}/disable_ipv6", 1));
        links.SetUp(bridge.Index);
    }

    /// <summary>Makes a host's namespace and uplinks.</summary>
    public void EnsureHost(LabHostSpec host)
    {
        using NetworkNamespace inside = EnsureNamespace(NamespaceOf(host.Name));
        using NetworkNamespace fabric = NetworkNamespace.Open(Fabric);
        using Rtnetlink links = Rtnetlink.Of(inside), fabricLinks = Rtnetlink.Of(fabric);
        foreach (LabUplinkSpec uplink in host.Uplinks)
        {
            string port = FabricPort(host.Name, uplink.Name);
            LinkInfo up = EnsureVeth(links, uplink.Name, null, uplink.Mtu, fabricLinks, fabric, port);
            int bridge = fabricLinks.GetLink(BridgeName).Index;
            fabric.Run(() => Sysctl.Write($"net/ipv6/conf/{port}/disable_ipv6", 1));
            fabricLinks.ChangeLink(fabricLinks.GetLink(port).Index, new LinkChange { Master = bridge, Mtu = uplink.Mtu, Up = true });
            links.ChangeLink(up.Index, new LinkChange { Mtu = uplink.Mtu, Up = true });
            EnsureAddresses(links, up.Index, uplink.Addresses);
        }
    }

    /// <summary>
    /// Makes a VM's namespace, and its cables to the host where they are veths. An adapter that is another than the one wanted
    /// (<see cref="HasAdapter"/>) is replaced, as another VM's would be: what the kernel made of the old MAC, its link-local address and the
    /// routes through it, stays on an adapter that only changes.
    /// </summary>
    public void EnsureVm(LabVmSpec vm)
    {
        using NetworkNamespace inside = EnsureNamespace(NamespaceOf(vm.Name));
        using NetworkNamespace host = NetworkNamespace.Open(NamespaceOf(vm.Host));
        using Rtnetlink links = Rtnetlink.Of(inside), hostLinks = Rtnetlink.Of(host);
        foreach (LabAdapterSpec adapter in vm.Adapters)
        {
            if (links.FindLink(adapter.Name) is { } other && !Is(inside, other, adapter))
            {
                _ = links.DeleteLink(other.Index);
            }
        }

        foreach (LabAdapterSpec adapter in vm.Adapters.Where(a => a.Device == LabDevice.Veth))
        {
            _ = EnsureVeth(links, adapter.Name, ToPhysical(adapter), adapter.Mtu, hostLinks, host, adapter.HostInterface);
            Configure(inside, links, adapter);
            // The lab's kernel would hand a tenant's own tunnel on as one super-packet, which has no room for a second tunnel around it.
            using Ethtool features = Ethtool.Of(inside);
            features.SetFeatures(adapter.Name, new Dictionary<string, bool>(StringComparer.Ordinal)
            {
                ["tx-udp_tnl-segmentation"] = false,
                ["tx-udp_tnl-csum-segmentation"] = false,
            });
        }
    }

    /// <summary>
    /// Whether a VM has this adapter: of its kind, with its MAC, and configured by whom it says. If not, it will be made anew, and what runs
    /// on the one that is there must end.
    /// </summary>
    public bool HasAdapter(string vm, LabAdapterSpec adapter)
    {
        if (!NetworkNamespace.Exists(NamespaceOf(vm)))
        {
            return false;
        }

        using NetworkNamespace inside = NetworkNamespace.Open(NamespaceOf(vm));
        using Rtnetlink links = Rtnetlink.Of(inside);
        return links.FindLink(adapter.Name) is { } link && Is(inside, link, adapter);
    }

    /// <summary>Sets up an adapter of a VM: MAC, MTU, addresses, default route.</summary>
    public void ConfigureAdapter(string vm, LabAdapterSpec adapter)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(NamespaceOf(vm));
        using Rtnetlink links = Rtnetlink.Of(inside);
        Configure(inside, links, adapter);
    }

    /// <summary>Deletes an interface of a machine, as a hypervisor does with a VM's adapter; a veth goes with its other end.</summary>
    public bool DeleteLink(string machine, string name)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(NamespaceOf(machine));
        using Rtnetlink links = Rtnetlink.Of(inside);
        return links.FindLink(name) is { } link && links.DeleteLink(link.Index);
    }

    /// <summary>Removes a namespace with everything in it.</summary>
    public static void Remove(string netns)
    {
        if (NetworkNamespace.Exists(netns))
        {
            // Whoever still has a shell inside keeps the namespace alive; its cables go all the same.
            using NetworkNamespace inside = NetworkNamespace.Open(netns);
            using Rtnetlink links = Rtnetlink.Of(inside);
            foreach (LinkInfo link in links.GetLinks().Where(l => l.Kind is "veth" or "bridge" or "tun"))
            {
                _ = links.DeleteLink(link.Index);
            }
        }

        _ = NetworkNamespace.Delete(netns);
    }

    private static NetworkNamespace EnsureNamespace(string name)
    {
        if (!NetworkNamespace.Exists(name))
        {
            _ = NetworkNamespace.Delete(name); // A file that a reboot or a failed creation left.
            NetworkNamespace.Create(name).Dispose();
        }

        NetworkNamespace made = NetworkNamespace.Open(name);
        using Rtnetlink links = Rtnetlink.Of(made);
        links.SetUp(links.GetLink("lo").Index);
        return made;
    }

    /// <summary>A veth pair between two namespaces. Ends that belong to different pairs (a VM that moved) are replaced.</summary>
    private static LinkInfo EnsureVeth(
        Rtnetlink links, string name, PhysicalAddress? mac, int mtu, Rtnetlink peerLinks, NetworkNamespace peerNamespace, string peerName)
    {
        LinkInfo? near = links.FindLink(name), far = peerLinks.FindLink(peerName);
        if (near is not null && far is not null && near.Peer == far.Index && far.Peer == near.Index)
        {
            return near;
        }

        foreach ((Rtnetlink of, LinkInfo? stale) in new[] { (links, near), (peerLinks, far) })
        {
            if (stale is not null)
            {
                _ = of.DeleteLink(stale.Index);
            }
        }

        return links.CreateVeth(new VethSpec(name, peerName) { Mac = mac, Mtu = mtu, PeerNamespace = peerNamespace });
    }

    /// <summary>Who configured a link is read from the link itself: it is true even after a crash half way.</summary>
    private static bool Is(NetworkNamespace inside, LinkInfo link, LabAdapterSpec adapter) =>
        link.Kind == (adapter.Device == LabDevice.Tap ? "tun" : "veth") && ToPhysical(adapter).Equals(link.Mac)
        && inside.Run(() => Sysctl.Read(AcceptsAdvertisements(adapter))) == (adapter.ConfiguresItself ? "1" : "0");

    private static string AcceptsAdvertisements(LabAdapterSpec adapter) => $"net/ipv6/conf/{adapter.Name}/accept_ra";

    private static void Configure(NetworkNamespace inside, Rtnetlink links, LabAdapterSpec adapter)
    {
        LinkInfo link = links.GetLink(adapter.Name);
        inside.Run(() =>
        {
            // Where addresses are static a router that advertises itself must not change what a test asserts.
            int listens = adapter.ConfiguresItself ? 1 : 0;
            Sysctl.Write(AcceptsAdvertisements(adapter), listens);
            Sysctl.Write($"net/ipv6/conf/{adapter.Name}/accept_dad", listens);
        });
        PhysicalAddress mac = ToPhysical(adapter);
        links.ChangeLink(link.Index, new LinkChange { Mac = mac.Equals(link.Mac) ? null : mac, Mtu = adapter.Mtu, Up = true });
        EnsureAddresses(links, link.Index, adapter.Addresses, keepOthers: adapter.ConfiguresItself);
        foreach (IPAddress gateway in adapter.Gateways)
        {
            IPAddress any = gateway.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            links.ReplaceRoute(new RouteSpec(new IPNetwork(any, 0)) { Gateway = gateway, InterfaceIndex = link.Index });
        }
    }

    /// <summary>Gives an interface these addresses and, unless others may stay, no others, link-local ones excepted.</summary>
    private static void EnsureAddresses(Rtnetlink links, int index, IReadOnlyCollection<LabAddress> wanted, bool keepOthers = false)
    {
        IReadOnlyList<AddressInfo> there = links.GetAddresses(index);
        foreach (AddressInfo old in there.Where(a => !keepOthers && !a.Address.IsIPv6LinkLocal && !wanted.Contains(new LabAddress(a.Address, a.PrefixLength))))
        {
            _ = links.DeleteAddress(index, old.Address, old.PrefixLength);
        }

        foreach (LabAddress address in wanted.Where(w => !there.Any(a => w.Address.Equals(a.Address) && w.PrefixLength == a.PrefixLength)))
        {
            links.AddAddress(index, address.Address, address.PrefixLength, AddressFlags.NoDuplicateDetection);
        }
    }

    private static PhysicalAddress ToPhysical(LabAdapterSpec adapter)
    {
        byte[] bytes = new byte[Model.Addressing.MacAddress.Length];
        adapter.Mac.CopyTo(bytes);
        return new PhysicalAddress(bytes);
    }
}
