using Hnv.Datapath.Maps;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests.Maps;

public sealed class GrowableMapTests : IDisposable
{
    private readonly BpfMap _outer;

    public GrowableMapTests()
    {
        using BpfMap inner = BpfMap.Create(BpfMapSpec.Of<uint, ulong>(BpfMapType.Hash, 8) with { Flags = BpfMapFlags.NoPreallocation });
        _outer = BpfMap.Create(new BpfMapSpec(BpfMapType.ArrayOfMaps, 4, 4, 1) { InnerMap = inner });
        _outer.UpdateInner(0u, inner);
    }

    public void Dispose() => _outer.Dispose();

    [Fact]
    public void Reserve_WhileProgramsWrite_CarriesOverWhatTheyAddChangeAndDelete()
    {
        using BpfMap old = _outer.LookupInner(0u)!;
        old.Update(1u, 10ul);
        old.Update(2u, 20ul);
        old.Update(3u, 30ul);
        using var map = new GrowableMap<uint, ulong>("test", _outer)
        {
            WrittenByPrograms = true,
            IsNewer = (before, after) => after > before,
            BeforeSwap = () =>
            {
                old.Update(2u, 21ul);
                old.Delete(3u);
                old.Update(4u, 40ul);
            },
        };

        map.Reserve(7);

        Assert.Equal(16, map.Capacity);
        Assert.Equal([(1u, 10ul), (2u, 21ul), (4u, 40ul)], map.ReadAll().Select(entry => (entry.Key, entry.Value)).Order());
        using BpfMap current = _outer.LookupInner(0u)!;
        Assert.Equal(16, current.Info.MaxEntries);
        Assert.NotEqual(old.Info.Id, current.Info.Id);
    }

    [Fact]
    public void Reserve_ThreeQuartersFull_Stays()
    {
        using var map = new GrowableMap<uint, ulong>("test", _outer);

        map.Reserve(6);

        Assert.Equal(8, map.Capacity);
    }

    [Fact]
    public void Reserve_FarMore_DoublesUntilItFits()
    {
        using var map = new GrowableMap<uint, ulong>("test", _outer);

        map.Reserve(100);

        Assert.Equal(256, map.Capacity);
    }
}
