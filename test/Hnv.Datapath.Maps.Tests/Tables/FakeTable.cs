using Hnv.Datapath.Tables;
using Hnv.Linux;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests.Tables;

/// <summary>A map of the kernel without the kernel: with a size, and counting what is asked of it.</summary>
internal sealed class FakeTable(int capacity = int.MaxValue) : IKernelTable<int, int>
{
    public Dictionary<int, int> Content { get; } = [];

    /// <summary>Keys that cannot be written.</summary>
    public HashSet<int> Refused { get; } = [];

    public int Updates { get; private set; }

    public int Deletions { get; private set; }

    public string Name => "fake";

    public long Capacity => capacity;

    public List<KeyValuePair<int, int>> ReadAll() => [.. Content];

    public void Reserve(long entries)
    {
    }

    public void Update(int key, int value)
    {
        if (Refused.Contains(key))
        {
            throw new BpfException("update", Errno.EPERM);
        }

        if (!Content.ContainsKey(key) && Content.Count >= capacity)
        {
            throw new BpfException("update", Errno.E2BIG);
        }

        Content[key] = value;
        Updates++;
    }

    public void UpdateBatch(ReadOnlySpan<int> keys, ReadOnlySpan<int> values)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            Update(keys[i], values[i]);
        }
    }

    public void DeleteBatch(ReadOnlySpan<int> keys)
    {
        foreach (int key in keys)
        {
            Deletions++;
            Content.Remove(key);
        }
    }
}
