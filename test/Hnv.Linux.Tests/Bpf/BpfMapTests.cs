using Hnv.Linux.Bpf;

namespace Hnv.Linux.Tests.Bpf;

public sealed class BpfMapTests
{
    private static BpfMap Make<TKey, TValue>(BpfMapType type, long entries, BpfMapFlags flags = default)
        where TKey : unmanaged
        where TValue : unmanaged => BpfMap.Create(BpfMapSpec.Of<TKey, TValue>(type, entries) with { Name = "hnv_test", Flags = flags });

    [Fact]
    public void Create_Hash_InfoSaysWhatWasAsked()
    {
        using var map = Make<ulong, uint>(BpfMapType.Hash, 10, BpfMapFlags.NoPreallocation);
        Assert.Equal(new BpfMapInfo(map.Info.Id, BpfMapType.Hash, 8, 4, 10, BpfMapFlags.NoPreallocation, "hnv_test"), map.Info);
        Assert.NotEqual(0u, map.Info.Id);
    }

    [Fact]
    public void Create_ImpossibleShape_ThrowsWithErrnoName()
    {
        var e = Assert.Throws<BpfException>(() => BpfMap.Create(new BpfMapSpec(BpfMapType.Array, 3, 4, 10) { Name = "odd" }));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains("create map 'odd' (Array): EINVAL", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BpfMapType.Hash)]
    [InlineData(BpfMapType.LruHash)]
    public void Update_ThenLookupThenDelete_KeyComesAndGoes(BpfMapType type)
    {
        using var map = Make<uint, ulong>(type, 100);
        Assert.False(map.TryLookup(1u, out ulong _));
        map.Update(1u, 11ul);
        Assert.True(map.TryLookup(1u, out ulong value));
        Assert.Equal(11ul, value);
        Assert.True(map.Delete(1u));
        Assert.False(map.Delete(1u));
        Assert.False(map.TryLookup(1u, out value));
    }

    [Fact]
    public void TryTake_PresentKey_ReturnsAndRemovesIt()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 4);
        map.Update(1u, 5u);
        var value = new byte[4];
        Assert.True(map.TryTake([1, 0, 0, 0], value));
        Assert.Equal(5, value[0]);
        Assert.False(map.TryTake([1, 0, 0, 0], value));
    }

    [Fact]
    public void Update_CreateAndReplace_RespectWhatIsThere()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 2);
        Assert.Equal(Errno.ENOENT, Assert.Throws<BpfException>(() => map.Update(1u, 1u, BpfUpdate.Replace)).Errno);
        map.Update(1u, 1u, BpfUpdate.Create);
        Assert.Equal(Errno.EEXIST, Assert.Throws<BpfException>(() => map.Update(1u, 2u, BpfUpdate.Create)).Errno);
        map.Update(1u, 3u, BpfUpdate.Replace);
        Assert.Equal(3u, Assert.Single(map.ReadAll<uint, uint>()).Value);
    }

    [Fact]
    public void Update_FullMap_ThrowsE2big()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 1);
        map.Update(1u, 1u);
        Assert.Equal(Errno.E2BIG, Assert.Throws<BpfException>(() => map.Update(2u, 1u)).Errno);
    }

    [Fact]
    public void Lookup_WrongSizes_RefusedBeforeTheKernel()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 1);
        Assert.Throws<InvalidOperationException>(() => map.TryLookup(1ul, out uint _));
        Assert.Throws<InvalidOperationException>(() => map.TryLookup(1u, out byte _));
        Assert.Throws<InvalidOperationException>(() => map.LookupPerCpu<uint, uint>(1u));
    }

    [Theory]
    [InlineData(BpfMapType.Hash)]
    [InlineData(BpfMapType.LpmTrie)]
    public void Keys_SeveralEntries_AllSeenOnce(BpfMapType type)
    {
        using var map = Make<ulong, uint>(type, 100, BpfMapFlags.NoPreallocation);
        ulong[] keys = [.. Enumerable.Range(0, 50).Select(i => ((ulong)i << 32) | 32)]; // For the trie: a /32 and 4 bytes.
        foreach (var key in keys)
        {
            map.Update(key, 1u);
        }

        Assert.Equal(keys.Order(), map.Keys<ulong>().Order());
    }

    [Fact]
    public void Lookup_LpmTrie_LongestPrefixWins()
    {
        using var map = Make<ulong, uint>(BpfMapType.LpmTrie, 10, BpfMapFlags.NoPreallocation);
        static ulong Prefix(int length, params byte[] address) => (uint)length | ((ulong)BitConverter.ToUInt32(address) << 32);
        map.Update(Prefix(8, 10, 0, 0, 0), 1u);
        map.Update(Prefix(24, 10, 0, 5, 0), 2u);
        Assert.True(map.TryLookup(Prefix(32, 10, 0, 5, 9), out uint hit));
        Assert.Equal(2u, hit);
        Assert.True(map.TryLookup(Prefix(32, 10, 9, 9, 9), out hit));
        Assert.Equal(1u, hit);
        Assert.False(map.TryLookup(Prefix(32, 11, 0, 0, 1), out hit));
    }

    [Theory]
    [InlineData(BpfMapType.Hash)]
    [InlineData(BpfMapType.LpmTrie)]
    public void ReadAll_MoreThanABatch_GivesEveryEntry(BpfMapType type)
    {
        const int count = 10_000;
        using var map = Make<ulong, uint>(type, count, BpfMapFlags.NoPreallocation);
        var entries = Enumerable.Range(0, count).ToDictionary(i => ((ulong)i << 32) | 32, i => (uint)i);
        map.UpdateBatch<ulong, uint>([.. entries.Keys], [.. entries.Values]);
        var read = map.ReadAll<ulong, uint>();
        Assert.Equal(count, read.Count);
        Assert.Equal(entries, read.ToDictionary());
    }

    /// <summary>The kernel has no batches for device maps; their values are interfaces, here loopback.</summary>
    [Fact]
    public void ReadAll_TypeWithoutBatches_GivesEveryEntry()
    {
        using var map = Make<uint, uint>(BpfMapType.DevMapHash, 10);
        map.UpdateBatch<uint, uint>([1, 2, 3], [1, 1, 1]);
        Assert.Equal([1u, 2u, 3u], map.ReadAll<uint, uint>().Select(entry => entry.Key).Order());
        map.DeleteBatch<uint>([1, 3, 9]);
        Assert.Equal(2u, Assert.Single(map.ReadAll<uint, uint>()).Key);
    }

    [Fact]
    public void ReadAll_EmptyMap_GivesNothing()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 10);
        Assert.Empty(map.ReadAll<uint, uint>());
    }

    [Fact]
    public void UpdateBatch_FullMap_ThrowsAndKeepsWhatFits()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 2);
        var e = Assert.Throws<BpfException>(() => map.UpdateBatch<uint, uint>([1, 2, 3], [10, 20, 30]));
        Assert.Equal(Errno.E2BIG, e.Errno);
        Assert.Equal([10u, 20u], map.ReadAll<uint, uint>().Select(entry => entry.Value).Order());
    }

    [Fact]
    public void DeleteBatch_WithMissingKeys_RemovesTheOthers()
    {
        using var map = Make<uint, uint>(BpfMapType.Hash, 10);
        map.UpdateBatch<uint, uint>([1, 2, 3, 4], [1, 2, 3, 4]);
        map.DeleteBatch<uint>([1, 99, 3, 4, 98]);
        Assert.Equal(2u, Assert.Single(map.ReadAll<uint, uint>()).Key);
    }

    [Theory]
    [InlineData(BpfMapType.PerCpuArray)]
    [InlineData(BpfMapType.PerCpuHash)]
    public void UpdatePerCpu_ValuesSmallerThanTheirStride_ReadBackByCpu(BpfMapType type)
    {
        using var map = Make<uint, uint>(type, 4); // 4 bytes: the stride of 8 differs from the size.
        uint[] values = [.. Enumerable.Range(0, PossibleCpus.Count).Select(cpu => 100u + (uint)cpu)];
        map.UpdatePerCpu<uint, uint>(2u, values);
        Assert.Equal(values, map.LookupPerCpu<uint, uint>(2u));
        Assert.Equal(values, map.ReadAllPerCpu<uint, uint>().Single(entry => entry.Key == 2).Value);
    }

    [Theory]
    [InlineData("0-1\n", 2)]
    [InlineData("0", 1)]
    [InlineData("0-3,8-15", 16)]
    public void PossibleCpus_KernelList_CountsToTheHighest(string list, int count) => Assert.Equal(count, PossibleCpus.Parse(list));

    [Theory]
    [InlineData(BpfMapType.HashOfMaps)]
    [InlineData(BpfMapType.ArrayOfMaps)]
    public void UpdateInner_MapOfMaps_LookupOpensTheSameMap(BpfMapType type)
    {
        using var shape = Make<uint, uint>(BpfMapType.Hash, 8);
        using var outer = BpfMap.Create(BpfMapSpec.Of<uint, uint>(type, 4) with { Name = "outer", InnerMap = shape });
        using var inner = Make<uint, uint>(BpfMapType.Hash, 8);
        inner.Update(1u, 42u);
        Assert.Null(outer.LookupInner(3u));
        outer.UpdateInner(3u, inner);
        using var found = outer.LookupInner(3u);
        Assert.Equal(inner.Info, found!.Info);
        Assert.True(found.TryLookup(1u, out uint value));
        Assert.Equal(42u, value);
    }

    [Fact]
    public void Create_RingBuffer_Works()
    {
        using var map = BpfMap.Create(new BpfMapSpec(BpfMapType.RingBuffer, 0, 0, 64 * 1024));
        Assert.Equal(64 * 1024, map.Info.MaxEntries);
    }

    [Fact]
    public void FromId_UnknownId_ThrowsEnoent() =>
        Assert.Equal(Errno.ENOENT, Assert.Throws<BpfException>(() => BpfMap.FromId(uint.MaxValue - 1)).Errno);
}
