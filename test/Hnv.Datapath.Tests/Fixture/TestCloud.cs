using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Programs;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>
/// Three hosts, two tenants with the same addresses and MACs.
/// <code>
///   subnet            host A       host B       host C
///   5001 blue   .0/24 Blue5 Blue6  Blue7
///   5002 blue   .1/24 Blue8        Blue9
///   6001 red    .0/24 Red5  Red6   Red7
/// </code>
/// Programs are loaded once for all tests; <see cref="Reset"/> makes the maps what they are above.
/// </summary>
public sealed class TestCloud : IDisposable
{
    internal static readonly MacAddress HostMac = MacAddress.Parse("02:00:00:00:04:11");

    private readonly PacketThread _thread = new();

    public TestCloud()
        : this([])
    {
    }

    /// <param name="others">Programs of host A, in place of those of this build with their names.</param>
    internal TestCloud(IReadOnlyCollection<ProgramImage> others)
    {
        try
        {
            A = new TestHost(_thread, "192.168.4.11", new ProgramSet(others));
            B = new TestHost(_thread, "192.168.4.22");
            C = new TestHost(_thread, "192.168.4.33");
        }
        catch
        {
            _thread.Dispose(); // a program that does not load must not leave a namespace behind
            throw;
        }

        Blue = Subnet(5001, 1, 0, "2001:db8:5001::/64");
        BlueFar = Subnet(5002, 1, 1, "2001:db8:5002::/64");
        Red = Subnet(6001, 2, 0, "2001:db8:5001::/64");
        Blue5 = Vm(Blue, A, 1, 5);
        Blue6 = Vm(Blue, A, 2, 6);
        Blue7 = Vm(Blue, B, 3, 7);
        Blue8 = Vm(BlueFar, A, 4, 8);
        Blue9 = Vm(BlueFar, B, 5, 9);
        Red5 = Vm(Red, A, 6, 5);
        Red6 = Vm(Red, A, 7, 6);
        Red7 = Vm(Red, B, 8, 7);
        Reset();
    }

    internal TestHost A { get; }

    internal TestHost B { get; }

    internal TestHost C { get; }

    internal IReadOnlyList<TestHost> Hosts => [A, B, C];

    internal IReadOnlyList<TestVm> Vms => [Blue5, Blue6, Blue7, Blue8, Blue9, Red5, Red6, Red7];

    internal IReadOnlyList<TestSubnet> Subnets => [Blue, BlueFar, Red];

    internal TestSubnet Blue { get; }

    internal TestSubnet BlueFar { get; }

    internal TestSubnet Red { get; }

    internal TestVm Blue5 { get; }

    internal TestVm Blue6 { get; }

    internal TestVm Blue7 { get; }

    internal TestVm Blue8 { get; }

    internal TestVm Blue9 { get; }

    internal TestVm Red5 { get; }

    internal TestVm Red6 { get; }

    internal TestVm Red7 { get; }

    /// <summary>An interface that nothing is bound to.</summary>
    internal int SpareInterface => _thread.Interfaces[^2];

    /// <summary>Runs many frames at once where the programs run.</summary>
    internal void Run(Action work) => _thread.Run(work);

    internal void Reset()
    {
        foreach (TestHost host in Hosts)
        {
            host.Reset();
            foreach (TestHost other in Hosts.Where(other => other != host))
            {
                host.AddPeer(other.Pa);
            }

            foreach (TestSubnet subnet in Subnets)
            {
                host.AddSubnet(subnet);
            }

            foreach (TestVm vm in Vms)
            {
                if (vm.Host == host)
                {
                    host.AddLocal(vm);
                }
                else
                {
                    host.AddRemote(vm);
                }
            }
        }
    }

    /// <summary>A further VM, in no map yet.</summary>
    internal TestVm Vm(TestSubnet subnet, TestHost host, uint portId, byte number) => new(
        subnet,
        host,
        portId,
        _thread.Interfaces[(int)portId],
        MacAddress.FromBytes([6, 6, 0, 0, 0, number]),
        TestSubnet.Host(subnet.V4, number),
        TestSubnet.Host(subnet.V6, number));

    /// <summary>The frame as one host puts it on the wire to another. The kernel writes the outer MACs later: here they are zero.</summary>
    internal static byte[] OnWire(TestHost from, TestHost to, uint vsid, byte[] frame, byte flowId = 0, byte trafficClass = 0) =>
        Outer(from.Pa, to.Pa, trafficClass).Nvgre(vsid, flowId).Frame(frame).ToArray();

    internal static PacketBuilder Outer(IPAddress from, IPAddress to, byte trafficClass = 0) => PacketBuilder.Ethernet(default, default)
        .IPv4(from, to, h => h with { Flags = IPv4Flags.DontFragment, TrafficClass = trafficClass, Protocol = IpProtocol.Gre });

    /// <summary>FlowID of a frame that a program encapsulated.</summary>
    internal static byte FlowId(Passage passage) => (byte)passage.Decision.GreKey.ToHost();

    public void Dispose()
    {
        foreach (TestHost host in Hosts)
        {
            host.Dispose();
        }

        _thread.Dispose();
    }

    private static TestSubnet Subnet(uint vsid, uint rd, byte third, string v6) =>
        new(vsid, rd, new IPNetwork(new IPAddress([10, 0, third, 0]), 24), IPNetwork.Parse(v6), MacAddress.FromBytes([0, 0x1d, 0xd8, (byte)rd, 0, third]));
}

/// <summary>Tests that share the cloud run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PacketTests : ICollectionFixture<TestCloud>
{
    public const string Name = "packets";
}
