using System.Runtime.InteropServices;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>A build with another layout takes over what an older one left.</summary>
public sealed class MigrationTests : IDisposable
{
    /// <summary>The next layout: subnets have another flag, what was known of path MTUs is not worth keeping.</summary>
    private static readonly DataplaneBuild s_next = new()
    {
        Layout = 2,
        Migrations =
        [
            new MapMigration("subnets", 1, (key, value) =>
            {
                SubnetEntry entry = MemoryMarshal.Read<SubnetEntry>(value) with { Flags = 9 };
                MemoryMarshal.Write(value, in entry);
                return (key, value);
            }),
            new MapMigration("path_mtus", 1, (_, _) => null),
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

        Assert.Equal(9, Assert.Single(next.ReadSubnets()).Value.Flags);
        Assert.Equal(2, next.ReadRecords().Count);
        Assert.Equal(2, next.ReadPorts().Count);
        Assert.Equal(TestVm.Network, next.RoutingDomains.Find(1));
        Assert.DoesNotContain(Directory.GetFiles(_host.Directory), path => path.EndsWith("_v1", StringComparison.Ordinal));
        ping.AssertNothingLost();
        Assert.Contains(next.ReadTraffic(), traffic => traffic.ToVmPackets > 0);
    }

    [Fact]
    public void Open_OlderMapOfOtherSizesWithoutAMigration_StartsEmpty()
    {
        using (BpfMap old = BpfMap.Create(new BpfMapSpec(BpfMapType.Hash, 4, 8, 10)))
        {
            old.Update<uint, ulong>(5001, 1);
            old.Pin(Path.Combine(_host.Directory, "subnets_v0"));
        }

        using Dataplane dataplane = _host.Open();

        Assert.Empty(dataplane.ReadSubnets());
        Assert.False(File.Exists(Path.Combine(_host.Directory, "subnets_v0")));
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
}
