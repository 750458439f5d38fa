using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Learning;

/// <summary>A host without a kernel, that learns what a test says, and follows its stream.</summary>
internal sealed class LearnedReplica : IAsyncDisposable
{
    private readonly StreamReplica _stream;
    private readonly int _host;
    private readonly long _epoch;
    private long _sequence;

    public LearnedReplica(HnvClient client, int host, long epoch = 1)
    {
        _host = host;
        _epoch = epoch;
        _stream = new StreamReplica(client, $"host{host}");
    }

    public StreamReplica Stream => _stream;

    public Guid Network => _stream.Messages.OfType<AttachMessage>().Single(static a => a.Network != HostScope.Id).Network;

    /// <summary>What other hosts' VMs have, as this host was told: "ADDRESS at PA version EPOCH.COUNTER", sorted.</summary>
    public string[] Known()
    {
        var known = new SortedDictionary<string, (IPAddress Pa, LearnedAddress Entry)>(StringComparer.Ordinal);
        var sections = new Dictionary<IPAddress, HashSet<string>>();
        foreach (LearnedMessage message in _stream.Messages.OfType<LearnedMessage>())
        {
            Assert.InRange(message.Put.Length + message.Delete.Length, 0, LearnedMessage.MaxEntries);
            foreach (LearnedDeletion gone in message.Delete)
            {
                if (known.TryGetValue($"{gone.Address}", out var held) && (held.Entry.Epoch, held.Entry.Counter).CompareTo((gone.Epoch, gone.Counter)) <= 0)
                {
                    known.Remove($"{gone.Address}");
                }
            }

            foreach (LearnedAddress put in message.Put)
            {
                if (!known.TryGetValue($"{put.Address}", out var held) || (held.Entry.Epoch, held.Entry.Counter).CompareTo((put.Epoch, put.Counter)) <= 0)
                {
                    known[$"{put.Address}"] = (message.ProviderAddress, put);
                }
            }

            if (message.Section != LearnedSection.None)
            {
                if (!sections.TryGetValue(message.ProviderAddress, out HashSet<string>? named))
                {
                    sections.Add(message.ProviderAddress, named = []);
                }

                named.UnionWith(message.Put.Select(static p => $"{p.Address}"));
            }

            if (message.Section == LearnedSection.Complete)
            {
                sections.Remove(message.ProviderAddress, out HashSet<string>? named);
                foreach (string other in known.Where(k => k.Value.Pa.Equals(message.ProviderAddress) && !named!.Contains(k.Key)).Select(static k => k.Key).ToArray())
                {
                    known.Remove(other);
                }
            }
        }

        return [.. known.Select(static k => $"{k.Key} at {k.Value.Pa} version {k.Value.Entry.Epoch}.{k.Value.Entry.Counter}{(k.Value.Entry.Port is { } p ? $" for {p}" : "")}")];
    }

    public Task UntilKnownAsync(params string[] expected) =>
        UntilAsync(() => Task.FromResult(Known().SequenceEqual(expected)), $"host{_host} knows [{string.Join("; ", expected)}], not [{string.Join("; ", Known())}]");

    /// <summary>A claim of a port that is called as its number.</summary>
    public static LearnedClaim Claim(string address, int port, uint counter = 1, uint epoch = 1, int at = 0, string? mac = null) => new(
        5001, IPAddress.Parse(address), MacAddress.Parse(mac ?? $"06:06:00:00:00:{port:x2}"), $"blue-corp/p{port}", AddressSource.Arp,
        DateTimeOffset.UnixEpoch.AddSeconds(at), epoch, counter);

    public static LearnedDeletion Gone(string address, uint counter = 1, uint epoch = 1) => new(5001, IPAddress.Parse(address), epoch, counter);

    public Task<LearnedAnswer> BeginAsync(params LearnedClaim[] claims) => PostAsync(true, new LearnedBatch(Network, [.. claims], [], LearnedSection.Complete));

    public Task<LearnedAnswer> PutAsync(params LearnedClaim[] claims) => PostAsync(false, new LearnedBatch(Network, [.. claims], []));

    public Task<LearnedAnswer> DeleteAsync(params LearnedDeletion[] deletions) => PostAsync(false, new LearnedBatch(Network, [], [.. deletions]));

    public Task<LearnedAnswer> PostAsync(bool begins, params LearnedBatch[] batches) => PostAsync(begins, batches, []);

    public Task<LearnedAnswer> PostAsync(bool begins, LearnedBatch[] batches, HostRecordEvent[] events, long? sequence = null) =>
        _stream.Link.LearnedAsync(new LearnedReport(PolicyProtocol.Version, _epoch, sequence ?? ++_sequence, begins, [.. batches], [.. events]), Cancelled);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
