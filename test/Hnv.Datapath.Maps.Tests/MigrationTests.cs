using System.Runtime.InteropServices;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Reading;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>A build with another layout takes over what an older one left.</summary>
public sealed class MigrationTests : IDisposable
{
    /// <summary>The next layout: subnets have another flag, what was known of path MTUs is not worth keeping.</summary>
    private static readonly DataplaneBuild s_next = new()
    {
        Layout = Layout.Version + 1,
        Migrations =
        [
            new MapMigration("subnets", Layout.Version, (key, value) =>
            {
                SubnetEntry entry = MemoryMarshal.Read<SubnetEntry>(value) with { Flags = (SubnetFlags)9 };
                MemoryMarshal.Write(value, in entry);
                return (key, value);
            }),
            new MapMigration("path_mtus", Layout.Version, (_, _) => null),
        ],
    };

    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Open_NewLayout_CopiesOverUnderTraffic()
    {
        TestVm vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05"), vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
        using (Dataplane first = _host.Open())
        {
            _host.Connect(first, vm1, vm2);
        }

        PingStream ping = PingStream.Start(vm1, vm2);
        using Dataplane next = _host.Open(s_next);

        Assert.Equal((SubnetFlags)9, Assert.Single(next.ReadSubnets()).Value.Flags);
        Assert.Equal(2, next.ReadRecords().Count);
        Assert.Equal(2, next.ReadPorts().Count);
        Assert.Equal(TestVm.Network, next.RoutingDomains.Find(1));
        Assert.DoesNotContain(Directory.GetFiles(_host.Directory), path => path.EndsWith($"_v{Layout.Version}", StringComparison.Ordinal));
        ping.AssertNothingLost();
        Assert.Contains(next.ReadTraffic(), traffic => traffic.ToVmPackets > 0);
    }

    /// <summary>Layout 1 knew no learning: ports, subnets and link-local claims stay what they were, and learn and flood nothing.</summary>
    [Fact]
    public void Open_Layout1_KeepsPortsSubnetsAndClaims()
    {
        byte[] vsid = [0, 0, 0x13, 0x89], port = [.. vsid, 0, 0, 0, 1, 7, 0, 0, 0, 1, 0, 6, 6, 0, 0, 0, 5];
        byte[] subnet = new byte[44], claimed = new byte[20], claim = new byte[40];
        (subnet[3], claim[24], claim[32]) = (1, 0x67, 42); // routing domain; interface, time
        vsid.CopyTo(claimed, 0);
        Pin("ports", new BpfMapSpec(BpfMapType.Hash, 4, 20, 10) { Flags = BpfMapFlags.NoPreallocation }, BitConverter.GetBytes(4711), port);
        Pin("subnets", new BpfMapSpec(BpfMapType.Hash, 4, 44, 10) { Flags = BpfMapFlags.NoPreallocation }, vsid, subnet);
        using (BpfMap inner = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 20, 40, 10) { Flags = BpfMapFlags.NoPreallocation }))
        using (BpfMap outer = BpfMap.Create(new BpfMapSpec(BpfMapType.ArrayOfMaps, 4, 4, 1) { InnerMap = inner }))
        {
            inner.Update(claimed, claim);
            outer.UpdateInner(0u, inner);
            outer.Pin(Path.Combine(_host.Directory, "learned_v1"));
        }

        using Dataplane dataplane = _host.Open();

        PortEntry newPort = Assert.Single(dataplane.ReadPorts()).Value;
        Assert.Equal((5001u, 7u, PortFlags.Peer, 0, 0u), (newPort.Vsid.ToHost(), newPort.PortId, newPort.Flags, newPort.LearnLimit, newPort.StormLimit));
        SubnetEntry newSubnet = Assert.Single(dataplane.ReadSubnets()).Value;
        Assert.Equal((1u, SubnetFlags.None), (newSubnet.Rd.ToHost(), newSubnet.Flags));
        LearnedEntry learned = Assert.Single(dataplane.ReadLearned()).Value;
        Assert.Equal((0x67u, 42ul, 0ul), (learned.Record.Ifindex, learned.SeenNs, learned.DeadlineNs));
    }

    [Fact]
    public void Open_OlderMapOfOtherSizesWithoutAMigration_StartsEmpty()
    {
        using (BpfMap old = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 4, 8, 10)))
        {
            old.Update<uint, ulong>(5001, 1);
            old.Pin(Path.Combine(_host.Directory, "peers_v0"));
        }

        using Dataplane dataplane = _host.Open();

        Assert.Empty(dataplane.ReadPeers());
        Assert.False(File.Exists(Path.Combine(_host.Directory, "peers_v0")));
    }

    [Fact]
    public void Open_GrownMapOfAnOlderLayout_FitsIntoTheNewOne()
    {
        DataplaneOptions small = _host.Options with { Sizes = new MapSizes { Records = 8 } };
        using (Dataplane first = _host.Open(small))
        {
            for (uint i = 0; i < 1000; i++)
            {
                first.Records.Set(new RecordKey(5001, new System.Net.IPAddress(i)), default);
            }

            _host.Apply(first);
        }

        using Dataplane next = _host.Open(s_next, small);

        Assert.Equal(1000, next.ReadRecords().Count);
    }

    /// <summary>Layout 1 counted what came from a VM twice: by verdict, and as the port's traffic.</summary>
    [Fact]
    public void Open_Layout1_KeepsWhatPortsCounted()
    {
        ulong[] traffic = [.. Enumerable.Repeat<ulong[]>([99, 9999, 4, 400], PossibleCpus.Count).SelectMany(cpu => cpu)];
        CounterEntry[] counted = [.. Enumerable.Repeat(new CounterEntry(3, 300), PossibleCpus.Count)];
        Pin("traffic", new BpfMapSpec(BpfMapType.PerCpuHash, 4, 32, 10) { Flags = BpfMapFlags.NoPreallocation }, BitConverter.GetBytes(7), MemoryMarshal.AsBytes(traffic.AsSpan()).ToArray());
        Pin("counters", new BpfMapSpec(BpfMapType.PerCpuHash, 8, 16, 10) { Flags = BpfMapFlags.NoPreallocation }, [7, 0, 0, 0, (byte)Verdict.Encapsulated, 0, 0, 0], MemoryMarshal.AsBytes(counted.AsSpan()).ToArray());

        using Dataplane dataplane = _host.Open();

        var cpus = (ulong)PossibleCpus.Count;
        Assert.Equal(new PortTraffic(7, 3 * cpus, 300 * cpus, 4 * cpus, 400 * cpus), Assert.Single(dataplane.ReadTraffic()));
        Assert.Equal(new VerdictCounter(7, Verdict.Encapsulated, 3 * cpus, 300 * cpus), Assert.Single(dataplane.ReadCounters()));
    }

    private void Pin(string name, BpfMapSpec spec, byte[] key, byte[] value)
    {
        using BpfMap map = BpfMap.Create(spec);
        map.Update(key, value);
        map.Pin(Path.Combine(_host.Directory, name + "_v1"));
    }
}
