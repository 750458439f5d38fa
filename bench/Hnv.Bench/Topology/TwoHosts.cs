using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Lab.Machine;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Topology;

/// <summary>What two hosts are built of.</summary>
internal sealed record TwoHostsSpec(WireSize Wire, Cable Cable)
{
    /// <summary>What crosses between the hosts, where that can be chosen; the family is that of their addresses, too.</summary>
    public EncapsulationForm Form { get; init; } = Forms.Common;

    /// <summary>Whether the hosts have addresses of both families, to change between forms.</summary>
    public bool HasAllForms { get; init; }
}

/// <summary>
/// Two hosts and two VMs, the same for everything that is compared; how the hosts carry the VMs' traffic is the subclass's affair.
/// <code>
///   sender          host1                 host2          receiver
///   eth0 ─── veth ─── port0   up0 ─── veth ─── up0   port0 ─── veth or tap ─── eth0
/// </code>
/// Removed when disposed, even when it was built half way.
/// </summary>
internal abstract class TwoHosts : IDisposable
{
    /// <summary>Of the wire between the hosts.</summary>
    public const int WireMtu = 1500;

    public const string Uplink = "up0";
    public const string Port = "port0";
    public const string Adapter = "eth0";

    private static readonly string[] s_segmentation =
        ["tcp-segmentation-offload", "tx-gre-segmentation", "tx-gre-csum-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"];

    private readonly TwoHostsSpec _spec;
    private readonly Stack<IDisposable> _owned = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _relay = Task.CompletedTask;

    protected TwoHosts(TwoHostsSpec spec)
    {
        _spec = spec;
        Form = spec.Form;
        Name = TopologyNames.Next();
    }

    public string Name { get; }

    /// <summary>The MAC of the sending VM.</summary>
    public static MacAddress SenderAdapter => Mac(SenderMac);

    /// <summary>The MAC of the receiving VM.</summary>
    public static MacAddress ReceiverAdapter => Mac(ReceiverMac);

    public Machine Sender { get; private set; } = null!;

    public Machine Host1 { get; private set; } = null!;

    public Machine Host2 { get; private set; } = null!;

    public Machine Receiver { get; private set; } = null!;

    public virtual IPAddress SenderAddress { get; } = IPAddress.Parse("10.0.0.5");

    public virtual IPAddress ReceiverAddress { get; } = IPAddress.Parse("10.0.0.7");

    /// <summary>Bytes that the encapsulation takes from the wire's packets.</summary>
    protected abstract int Overhead { get; }

    protected IPAddress Host1Address => Host1AddressOf(Form.Family);

    protected IPAddress Host2Address => Host2AddressOf(Form.Family);

    protected static PhysicalAddress SenderMac { get; } = PhysicalAddress.Parse("06-06-00-00-00-05");

    protected static PhysicalAddress ReceiverMac { get; } = PhysicalAddress.Parse("06-06-00-00-00-07");

    protected Cable Cable => _spec.Cable;

    protected EncapsulationForm Form { get; set; }

    protected bool IsOverIPv6 => Form.Family == AddressFamily.InterNetworkV6;

    /// <summary>Of the hosts' addresses.</summary>
    protected IReadOnlyList<AddressFamily> Families => _spec.HasAllForms ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6] : [Form.Family];

    protected bool HasAllForms => _spec.HasAllForms;

    public static T Build<T>(T topology)
        where T : TwoHosts
    {
        try
        {
            topology.BuildMachines();
            topology.Connect();
            topology.WaitUntilRunning();
            return topology;
        }
        catch
        {
            topology.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        Disconnect();
        try
        {
            _relay.Wait();
        }
        finally
        {
            while (_owned.TryPop(out IDisposable? owned))
            {
                owned.Dispose();
            }

            PinDirectories.Remove(Path.Combine("/run", Name));
            _stop.Dispose();
        }
    }

    /// <summary>Makes the hosts carry the VMs' traffic, and configures the VMs' adapters.</summary>
    protected abstract void Connect();

    /// <summary>Undoes what does not go with the namespaces. Called for half-built ones too.</summary>
    protected virtual void Disconnect()
    {
    }

    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    protected static IPAddress Host1AddressOf(AddressFamily family) => IPAddress.Parse(family == AddressFamily.InterNetworkV6 ? "fd00:4::11" : "192.168.4.11");

    protected static IPAddress Host2AddressOf(AddressFamily family) => IPAddress.Parse(family == AddressFamily.InterNetworkV6 ? "fd00:4::22" : "192.168.4.22");

    protected static MacAddress Mac(PhysicalAddress mac) => MacAddress.FromBytes(mac.GetAddressBytes());

    /// <summary>Brings up both adapters.</summary>
    protected void ConfigureVms()
    {
        foreach ((Machine vm, IPAddress address, PhysicalAddress mac) in ((Machine, IPAddress, PhysicalAddress)[])[(Sender, SenderAddress, SenderMac), (Receiver, ReceiverAddress, ReceiverMac)])
        {
            bool isIPv6 = address.AddressFamily == AddressFamily.InterNetworkV6;
            if (isIPv6)
            {
                vm.AllowIPv6(Adapter);
            }

            vm.Configure(Adapter, address, isIPv6 ? 64 : 24, mac, WireMtu - Overhead);
        }
    }

    /// <summary>Gives both adapters the MTU that the encapsulation leaves.</summary>
    protected void AdjustMtu()
    {
        foreach (Machine vm in (Machine[])[Sender, Receiver])
        {
            vm.Netlink.ChangeLink(vm.IndexOf(Adapter), new LinkChange { Mtu = WireMtu - Overhead });
        }
    }

    private void BuildMachines()
    {
        Sender = Own(Machine.Create($"{Name}-vm1"));
        Host1 = Own(Machine.Create($"{Name}-host1"));
        Host2 = Own(Machine.Create($"{Name}-host2"));
        Receiver = Own(Machine.Create($"{Name}-vm2"));
        Host1.Netlink.CreateVeth(new VethSpec(Uplink, Uplink) { Mtu = WireMtu, PeerNamespace = Host2.Inside });
        foreach (AddressFamily family in Families)
        {
            foreach ((Machine host, IPAddress address) in ((Machine, IPAddress)[])[(Host1, Host1AddressOf(family)), (Host2, Host2AddressOf(family))])
            {
                bool isIPv6 = family == AddressFamily.InterNetworkV6;
                if (isIPv6)
                {
                    host.AllowIPv6(Uplink);
                }

                host.Configure(Uplink, address, isIPv6 ? 64 : 24);
            }
        }

        Host1.Netlink.CreateVeth(new VethSpec(Port, Adapter) { PeerNamespace = Sender.Inside });
        if (_spec.Cable == Cable.Veth)
        {
            Host2.Netlink.CreateVeth(new VethSpec(Port, Adapter) { PeerNamespace = Receiver.Inside });
        }
        else
        {
            _relay = Task.Run(() => TapRelay.RunAsync(Host2.Name, Port, Receiver.Name, Adapter, null, _stop.Token));
            WaitFor(() => _relay.IsCompleted || (Host2.Netlink.FindLink(Port) is not null && Receiver.Netlink.FindLink(Adapter) is not null), "the tap relay");
        }

        Host1.Netlink.SetUp(Host1.IndexOf(Port));
        Host2.Netlink.SetUp(Host2.IndexOf(Port));
        if (_spec.Wire == WireSize.MtuSized)
        {
            foreach (Machine host in (Machine[])[Host1, Host2])
            {
                host.SetFeatures(Uplink, false, s_segmentation);
                host.SetFeatures(Uplink, true, "generic-receive-offload");
            }
        }
    }

    private void WaitUntilRunning()
    {
        foreach ((Machine machine, string link) in ((Machine, string)[])[(Host1, Uplink), (Host2, Uplink), (Host1, Port), (Host2, Port), (Sender, Adapter), (Receiver, Adapter)])
        {
            if (!machine.Netlink.WaitUntilRunning(machine.IndexOf(link), TimeSpan.FromSeconds(10)))
            {
                throw new BenchException($"{link} of {machine.Name} does not come up.");
            }
        }
    }

    private static void WaitFor(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(10)))
        {
            throw new BenchException($"{what} does not start.");
        }
    }
}
