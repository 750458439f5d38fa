using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Tables;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Topology;

/// <summary>The whole data plane, fed by hand as an agent would: one VM network with two subnets, a VM on each host.</summary>
/// <param name="far">Whether the receiving VM is in the far subnet, behind the distributed router, rather than in the sender's.</param>
internal sealed class HnvHosts(TwoHostsSpec spec, bool far = false) : TwoHosts(spec)
{
    /// <summary>Where the sending VM is.</summary>
    public const uint Vsid = 5001;

    /// <summary>A subnet of many addresses, reached through the distributed router.</summary>
    public const uint FarVsid = 5002;

    private static readonly Guid s_network = new("11111111-2222-3333-4444-000000005001");
    private static readonly MacAddress s_gatewayMac = MacAddress.FromBytes([0x02, 0x48, 0x4e, 0x56, 0x00, 0x01]);
    private readonly List<Dataplane> _dataplanes = [];
    private readonly List<IPAddress> _added = [];
    private bool _far = far;

    public static IPAddress Gateway { get; } = IPAddress.Parse("10.0.0.1");

    /// <summary>Prefix of <see cref="FarVsid"/>.</summary>
    public static IPNetwork FarPrefix { get; } = IPNetwork.Parse("10.64.0.0/10");

    public Dataplane Dataplane1 => _dataplanes[0];

    public Dataplane Dataplane2 => _dataplanes[1];

    /// <summary>The MAC of the distributed gateway.</summary>
    public static MacAddress GatewayMac => s_gatewayMac;

    protected override int Overhead => Form.Room;

    /// <summary>The directory of a host's data plane.</summary>
    public string PinsOf(Machine host) => PinDirectories.Of(Name, host.Name);

    /// <summary>
    /// Adds records of <see cref="FarVsid"/>, on the sending host as remote, on the receiving one as local to the receiver's port: every
    /// address is the receiver's.
    /// </summary>
    public void AddRecords(IEnumerable<IPAddress> addresses)
    {
        IPAddress[] added = [.. addresses];
        _added.AddRange(added);
        SetRecords(added);
        Apply(Dataplane1);
        Apply(Dataplane2);
    }

    /// <summary>
    /// Both hosts speak another form from here on, as when policy says so; for those that were built with <see cref="TwoHostsSpec.HasAllForms"/>. So what
    /// differs between forms is the form, and neither devices nor where programs and maps lie in memory.
    /// </summary>
    /// <param name="far">Whether the receiving VM is in the far subnet from here on.</param>
    public void Become(EncapsulationForm form, bool far = false)
    {
        if (form == Form && far == _far)
        {
            return;
        }

        (Form, _far) = (form, far);
        AdjustMtu();
        Fill(Dataplane1, Host1, sendersHost: true);
        Fill(Dataplane2, Host2, sendersHost: false);
        Host1.Inside.Run(() => Bind(Dataplane1, Host1, Vsid, SenderMac));
        Host2.Inside.Run(() => Bind(Dataplane2, Host2, ReceiverVsid, ReceiverMac));
        SetRecords(_added);
        Apply(Dataplane1);
        Apply(Dataplane2);
    }

    private uint ReceiverVsid => _far ? FarVsid : Vsid;

    protected override void Connect()
    {
        ConfigureVms();
        _dataplanes.Add(Open(Host1, Host1AddressOf, Host2AddressOf, Vsid, SenderMac));
        _dataplanes.Add(Open(Host2, Host2AddressOf, Host1AddressOf, ReceiverVsid, ReceiverMac));
        Fill(Dataplane1, Host1, sendersHost: true);
        Fill(Dataplane2, Host2, sendersHost: false);
    }

    protected override void Disconnect()
    {
        foreach ((Machine host, Dataplane dataplane) in new[] { Host1, Host2 }.Zip(_dataplanes))
        {
            host.Inside.Run(dataplane.Purge);
            dataplane.Dispose();
        }

        _dataplanes.Clear();
    }

    private Dataplane Open(Machine host, Func<AddressFamily, IPAddress> local, Func<AddressFamily, IPAddress> peer, uint vsid, PhysicalAddress vm)
    {
        string directory = PinsOf(host);
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        return host.Inside.Run(() =>
        {
            Dataplane dataplane = Dataplane.Open(new DataplaneOptions { Directory = directory });
            int uplink = host.IndexOf(Uplink);
            foreach (AddressFamily family in Families)
            {
                dataplane.LocalPas.Set(local(family), new LocalPaEntry((uint)uplink));
                dataplane.Peers.Set(peer(family), new PeerEntry(local(family), (uint)uplink, WireMtu, PeerFlags.None));
            }

            dataplane.AttachUplink(uplink);
            if ((HasAllForms || Form.Encapsulation == Model.Resources.Encapsulation.Vxlan) && dataplane.SetVxlanPort(VxlanHeader.Port) is { } problem)
            {
                throw new BenchException(problem);
            }

            Bind(dataplane, host, vsid, vm);
            return dataplane;
        });
    }

    private void Bind(Dataplane dataplane, Machine host, uint vsid, PhysicalAddress vm) => dataplane.BindPort(
        new PortBinding(host.IndexOf(Port), 1, dataplane.RoutingDomains.Number(s_network), vsid, Mac(vm)) { Encapsulation = (Encapsulation)Form.Encapsulation });

    private void SetRecords(IEnumerable<IPAddress> addresses)
    {
        int port = Host2.IndexOf(Port);
        foreach (IPAddress address in addresses)
        {
            Dataplane1.Records.Set(new RecordKey(FarVsid, address), RecordEntry.Remote(Mac(ReceiverMac), RecordKind.Static, Host2Address));
            Dataplane2.Records.Set(new RecordKey(FarVsid, address), RecordEntry.Local(Mac(ReceiverMac), RecordKind.Static, port));
        }
    }

    private void Fill(Dataplane dataplane, Machine host, bool sendersHost)
    {
        uint rd = dataplane.RoutingDomains.Number(s_network);
        int port = host.IndexOf(Port);
        AddSubnet(dataplane, rd, Vsid, IPNetwork.Parse("10.0.0.0/24"), Gateway);
        AddSubnet(dataplane, rd, FarVsid, FarPrefix, IPAddress.Parse("10.64.0.1"));
        AddVm(dataplane, SenderAddress, SenderMac, sendersHost ? port : null, Host1Address);
        if (!_far)
        {
            AddVm(dataplane, ReceiverAddress, ReceiverMac, sendersHost ? null : port, Host2Address);
        }

        Apply(dataplane);
    }

    private void AddSubnet(Dataplane dataplane, uint rd, uint vsid, IPNetwork prefix, IPAddress gateway)
    {
        dataplane.Subnets.Set(new SubnetKey(vsid), new SubnetEntry(rd, s_gatewayMac, gateway, null) with { Encapsulation = (Encapsulation)Form.Encapsulation });
        dataplane.Routes.Set(new RouteKey(rd, prefix), new RouteEntry(vsid, null));
        dataplane.Records.Set(new RecordKey(vsid, gateway), new RecordEntry(s_gatewayMac, RecordKind.DistributedGateway, RecordFlags.None, KernelAddress.None, 0));
    }

    private static void AddVm(Dataplane dataplane, IPAddress address, PhysicalAddress mac, int? port, IPAddress host)
    {
        MacAddress vm = Mac(mac);
        dataplane.Records.Set(new RecordKey(Vsid, address), port is { } here ? RecordEntry.Local(vm, RecordKind.Static, here) : RecordEntry.Remote(vm, RecordKind.Static, host));
        dataplane.Macs.Set(new MacKey(Vsid, vm), port is { } index ? LocationEntry.Local(index) : LocationEntry.Remote(host));
    }

    private static void Apply(Dataplane dataplane)
    {
        ApplyResult result = dataplane.Apply();
        if (!result.IsComplete)
        {
            throw new BenchException($"The data plane did not take everything: {result.Failures[0]}");
        }
    }
}
