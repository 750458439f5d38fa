using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Stream;

namespace Hnv.Controller.Learning;

/// <summary>Turns changes of a network into lines of its stream: grouped by who said it and whom it is about, in messages of limited size.</summary>
internal sealed class FeedWriter(Guid network, TimeProvider time)
{
    private readonly List<FeedNode> _nodes = [];

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<FeedNode> Nodes => _nodes;

    /// <summary>What is not so any more: of those records as they were sent.</summary>
    public void Delete(IEnumerable<LearnedRecord> gone)
    {
        foreach (IGrouping<(string?, HostAddresses), LearnedRecord> group in ByAddresses(gone))
        {
            foreach (LearnedRecord[] chunk in group.Chunk(LearnedMessage.MaxEntries))
            {
                Add(MessageOf(group.Key.Item2, [], [.. chunk.Select(static r => r.ToDeletion())]), group.Key.Item1, chunk.Length);
            }
        }
    }

    /// <summary>What is so now.</summary>
    public void Put(IEnumerable<LearnedRecord> records)
    {
        foreach (IGrouping<(string?, HostAddresses), LearnedRecord> group in ByAddresses(records))
        {
            foreach (LearnedRecord[] chunk in group.Chunk(LearnedMessage.MaxEntries))
            {
                Add(MessageOf(group.Key.Item2, [.. chunk.Select(static r => r.ToAddress())], []), group.Key.Item1, chunk.Length);
            }
        }
    }

    /// <summary>All that is known of a host; nothing else is so.</summary>
    public void Section(string host, HostAddresses addresses, IReadOnlyCollection<LearnedRecord> records)
    {
        // What other hosts learned of ports that have moved to this one is a part of what it holds, and news to it.
        Put(records.Where(static r => r.Reporter != r.Host));
        LearnedRecord[][] chunks = [.. records.Chunk(LearnedMessage.MaxEntries)];
        for (int i = 0; i < Math.Max(1, chunks.Length); i++)
        {
            LearnedRecord[] chunk = chunks.Length == 0 ? [] : chunks[i];
            LearnedSection section = i + 1 < chunks.Length ? LearnedSection.Part : LearnedSection.Complete;
            Add(MessageOf(addresses, [.. chunk.Select(static r => r.ToAddress())], [], section), host, chunk.Length);
        }
    }

    /// <summary>What a host said itself it need not hear; of a port that has moved, both hosts must.</summary>
    private static IEnumerable<IGrouping<(string?, HostAddresses), LearnedRecord>> ByAddresses(IEnumerable<LearnedRecord> records) =>
        records.Where(static r => r.Addresses is not null).GroupBy(static r => (r.Reporter == r.Host ? r.Host : null, r.Addresses!));

    private LearnedMessage MessageOf(
        HostAddresses addresses, ImmutableArray<LearnedAddress> put, ImmutableArray<LearnedDeletion> delete, LearnedSection section = LearnedSection.None) =>
        new(network, addresses.Address, put, delete, section) { ProviderAddress6 = addresses.Address6 };

    private void Add(PolicyMessage message, string? owner, int entries)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, HnvJson.Options);
        Array.Resize(ref json, json.Length + 1);
        json[^1] = (byte)'\n';
        _nodes.Add(new FeedNode(json, owner, entries, time.GetTimestamp()));
    }
}
