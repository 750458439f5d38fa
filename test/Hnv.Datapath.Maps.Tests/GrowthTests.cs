using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Datapath.Programs;
using Hnv.Datapath.Reading;
using Hnv.Datapath.Tables;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>Tables that grow while they are used, and tables that are full.</summary>
public sealed class GrowthTests : IDisposable
{
    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Records_GrowUnderTraffic_LosingNoFrameAndNoRecord()
    {
        TestVm vm1 = _host.AddVm("p1", "10.0.0.5", "06:06:00:00:00:05"), vm2 = _host.AddVm("p2", "10.0.0.7", "06:06:00:00:00:07");
        using Dataplane dataplane = _host.Open(_host.Options with { Sizes = new MapSizes { Records = 64, Macs = 64 } });
        _host.Connect(dataplane, vm1, vm2);
        PingStream ping = PingStream.Start(vm1, vm2);
        for (uint i = 0; i < 20_000; i++)
        {
            dataplane.Records.Set(Key(i), RecordEntry.Remote(vm1.Mac, RecordKind.Static, IPAddress.Loopback));
            dataplane.Macs.Set(new MacKey(5002, new MacAddress(i)), LocationEntry.Remote(IPAddress.Loopback));
            if (i % 500 == 499)
            {
                Assert.True(_host.Apply(dataplane).IsComplete);
            }
        }

        Assert.True(_host.Apply(dataplane).IsComplete);

        ping.AssertNothingLost();
        Assert.Equal(20_002, dataplane.ReadRecords().Count);
        TableUsage records = dataplane.ReadUsage().Single(usage => usage.Name == "records");
        Assert.Equal((20_002, 32_768), (records.Entries, records.Capacity));
        Assert.Equal(32_768, dataplane.ReadUsage().Single(usage => usage.Name == "macs").Capacity);
    }

    [Fact]
    public async Task Records_ReadThroughTheOuterMapWhileGrowing_AreNeverMissing()
    {
        using Dataplane dataplane = _host.Open(_host.Options with { Sizes = new MapSizes { Records = 8 } });
        dataplane.Records.Set(Key(0), RecordEntry.Remote(default, RecordKind.Static, IPAddress.Loopback));
        _host.Apply(dataplane);
        using BpfMap outer = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"records_v{Layout.Version}"));
        using var done = new CancellationTokenSource();
        Task<(int Read, int Missing)> reader = Task.Run(() =>
        {
            (int Read, int Missing) seen = default;
            while (!done.IsCancellationRequested)
            {
                using BpfMap inner = outer.LookupInner(0u)!;
                RecordKey key = Key(0);
                seen = (seen.Read + 1, seen.Missing + (inner.TryLookup(in key, out RecordEntry _) ? 0 : 1));
            }

            return seen;
        }, TestContext.Current.CancellationToken);
        for (uint i = 1; i < 4_000; i++)
        {
            dataplane.Records.Set(Key(i), default);
            if (i % 50 == 0)
            {
                _host.Apply(dataplane);
            }
        }

        await done.CancelAsync();
        (int read, int missing) = await reader;
        Assert.NotEqual(0, read);
        Assert.Equal(0, missing);
    }

    [Fact]
    public async Task Learned_GrowsWhileProgramsLearn_LosingNothing()
    {
        using Dataplane dataplane = _host.Open(_host.Options with { Sizes = new MapSizes { Learned = 1024 } });
        using BpfProgram learner = LoadLearner();
        using BpfMap outer = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"learned_v{Layout.Version}"));
        using BpfMap sequence = BpfMap.FromId(learner.Info.MapIds.Single(IsSequence));
        using var done = new CancellationTokenSource();
        Task<bool> learning = Task.Run(() =>
        {
            bool written = true;
            for (long count = 0; !done.IsCancellationRequested && written;)
            {
                // Growing begins at three quarters; learning goes on meanwhile, and waits only where a full map would stop it.
                using BpfMap inner = outer.LookupInner(0u)!;
                if (count < inner.Info.MaxEntries * 9 / 10)
                {
                    written = learner.TestRun(new byte[64]).ReturnValue == 0;
                    count++;
                }
            }

            return written;
        }, TestContext.Current.CancellationToken);
        long capacity;
        do
        {
            dataplane.Maintain();
            capacity = dataplane.ReadUsage().Single(usage => usage.Name == "learned").Capacity;
        }
        while (capacity < 16_384 && !learning.IsCompleted);
        await done.CancelAsync();

        Assert.True(await learning, "a program could not write what it learned");
        sequence.TryLookup(0u, out uint last);
        HashSet<uint> learned = [.. dataplane.ReadLearned().Select(entry => (uint)entry.Value.SeenNs)];
        Assert.Equal(Enumerable.Range(1, (int)last).Select(number => (uint)number).Except(learned), []);
    }

    [Fact]
    public async Task Learned_FullWhenTheAgentPuts_GrowsForAllWhoPutAndLosesNothing()
    {
        using Dataplane dataplane = _host.Open(_host.Options with { Sizes = new MapSizes { Learned = 64 } });
        using BpfProgram learner = LoadLearner();
        uint count = 0;
        while (learner.TestRun(new byte[64]).ReturnValue == 0)
        {
            count++; // Until no program can write what it learned.
        }

        Assert.Equal(64L, dataplane.ReadLearned().Count);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(
            () =>
            {
                for (uint i = 0; i < 500; i++)
                {
                    dataplane.PutLearned(new RecordKey(5003 + (uint)writer, new IPAddress(i)), default(LearnedEntry) with { SeenNs = i + 1 });
                }
            },
            TestContext.Current.CancellationToken)));

        IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> learned = dataplane.ReadLearned();
        Assert.Equal(64 + 2000, learned.Count);
        foreach (IGrouping<uint, ulong> subnet in learned.Where(static e => e.Key.Vsid.ToHost() is >= 5003 and < 5007).GroupBy(static e => e.Key.Vsid.ToHost(), static e => e.Value.SeenNs))
        {
            Assert.Equal(Enumerable.Range(1, 500).Select(static n => (ulong)n), subnet.Order());
        }

        Assert.True(dataplane.ReadUsage().Single(static usage => usage.Name == "learned").Capacity >= 64 + 2000);
        Assert.Equal(0u, (uint)learner.TestRun(new byte[64]).ReturnValue); // Programs have room again, too.
    }

    [Fact]
    public void Adoption_FindsTheGrownMap()
    {
        using (Dataplane first = _host.Open(_host.Options with { Sizes = new MapSizes { Records = 8 } }))
        {
            for (uint i = 0; i < 1000; i++)
            {
                first.Records.Set(Key(i), default);
            }

            _host.Apply(first);
        }

        using Dataplane next = _host.Open(_host.Options with { Sizes = new MapSizes { Records = 8 } });

        Assert.Equal(1000, next.ReadRecords().Count);
    }

    [Fact]
    public void Routes_Full_AreReportedWithTheirFillLevelAndRecover()
    {
        using Dataplane dataplane = _host.Open(_host.Options with { Sizes = new MapSizes { Routes = 4 } });
        for (int i = 0; i < 6; i++)
        {
            dataplane.Routes.Set(new RouteKey(1, IPNetwork.Parse($"10.0.{i}.0/24")), new RouteEntry(5001, null));
        }

        dataplane.Peers.Set(IPAddress.Parse("192.168.4.22"), PeerEntry.Unreachable());
        dataplane.AllowSweep();

        ApplyResult result = _host.Apply(dataplane);

        TableFailure failure = Assert.Single(result.Failures);
        Assert.Equal(("routes", 2, 4L, 4L, true), (failure.Table, failure.Pending, failure.Entries, failure.Capacity, failure.IsFull));
        Assert.Single(dataplane.ReadPeers());
        dataplane.Routes.Remove(new RouteKey(1, IPNetwork.Parse("10.0.0.0/24")));
        dataplane.Routes.Remove(new RouteKey(1, IPNetwork.Parse("10.0.1.0/24")));
        Assert.True(_host.Apply(dataplane).IsComplete);
        Assert.Equal(4, dataplane.ReadRoutes().Count);
    }

    private static RecordKey Key(uint i) => new(5002, new IPAddress(i));

    private static bool IsSequence(uint id)
    {
        using BpfMap map = BpfMap.FromId(id);
        return map.Info.Name == "_sequence";
    }

    private BpfProgram LoadLearner()
    {
        ProgramImage image = OtherBuild.Compile(Path.Combine(AppContext.BaseDirectory, "Programs", "learner.bpf.c"), _host.Folder);
        using BpfObject loading = BpfObject.Open(image.Bytes.AsSpan(), image.Name);
        using BpfMap learned = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"learned_v{Layout.Version}"));
        loading.Maps["learned"].Reuse(learned);
        loading.Load();
        return loading.OpenProgram("learner");
    }
}
