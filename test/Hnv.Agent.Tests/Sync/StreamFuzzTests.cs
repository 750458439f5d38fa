using System.Net;
using System.Text.Json;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api;
using Hnv.Api.Stream;
using Hnv.Fuzzing;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

/// <summary>
/// A stream with anything damaged is understood up to some message, and then refused by one of the expected exceptions; at every moment what is held of a
/// network is something whose digest was verified. The corpus has what a controller sent to a host of a lab, and what must be refused.
/// </summary>
public sealed class StreamFuzzTests
{
    private const int GateRounds = 1_500, SoakRounds = 1_000_000;

    private static readonly Corpus s_corpus = new("Sync/corpus");

    private static readonly string[] s_words =
    [
        "00000000-0000-0000-0000-000000000000", "11111111-2222-3333-4444-000000005001", "0.0.0.0", "255.255.255.255", "::ffff:10.0.0.1", "fe80::1%1", "ff02::1", "10.0.0.1/8", "::/0", "multicast", "dynamic",
        "gatewayWildcard", "\\ud800", "null", "static", "hash", "delta", "items", "snapshot", "end", "learned", "\n", "{\"type\":\"hello\",\"protocol\":3,\"controller\":\"c\",\"revision\":1}\n",
    ];

    public static TheoryData<string> Files => s_corpus.Theory;

    /// <summary>With what the recorded one does not use.</summary>
    private static byte[] Everything
    {
        get
        {
            RecordItem moved = Record("10.0.0.5", pa: "192.168.4.33");
            SubnetItem subnet = Subnet() with
            {
                Learning = LearningMode.Dynamic, Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1"), LearningAge = 60,
                Pool = new PoolItem(true, [IPAddress.Parse("10.0.0.2")], [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))], 1458, "a", 3600),
            };
            PortItem port = Port() with { LearnLimit = 16, LearnSources = LearningSources.Dhcp | LearningSources.Arp, Lease4 = IPAddress.Parse("10.0.0.50") };
            PolicyMessage[] stream =
            [
                Hello(), .. Snapshot(Blue, 6, subnet, Route(hop: "10.0.0.9"), Record("10.0.0.5"), Record("10.0.0.6", port: "t/p"), port, Peer(), Member()), new BookmarkMessage(6),
                new DeltaMessage(Blue, 7, [moved], ["record/5001/10.0.0.6"], DigestOf(subnet, Route(hop: "10.0.0.9"), moved, port, Peer(), Member()).ToString()),
                new DetachMessage(Red), new BookmarkMessage(8),
            ];
            return [.. stream.SelectMany(static m => (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(m, HnvJson.Options), (byte)'\n'])];
        }
    }

    private static Mutator Mutator => new([.. s_corpus.Samples, Everything, Everything, s_corpus.Read("host1.jsonl")], s_words);

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_IsUnderstoodOrRefused(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), Read(s_corpus.Read(file)));

    [Fact]
    public void AnyDamage_IsRefusedAndNothingUnverifiedIsHeld() => FuzzRun.Of(GateRounds, Mutator, Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void AnyDamageForLong_IsRefusedAndNothingUnverifiedIsHeld() => FuzzRun.Of(SoakRounds, Mutator, Read);

    /// <returns>Whether it was understood to its end.</returns>
    private static bool Read(byte[] stream)
    {
        var store = new PolicyStore();
        store.Load([Policy(Red, 5, Subnet(6001))]);
        store.BeginConnection();
        bool understood = true;
        try
        {
            for (ReadOnlyMemory<byte> rest = stream; !rest.IsEmpty;)
            {
                int end = rest.Span.IndexOf((byte)'\n') is >= 0 and var at ? at : rest.Length;
                if (end > 0)
                {
                    Take(store, JsonSerializer.Deserialize<PolicyMessage>(rest.Span[..end], HnvJson.Options) ?? throw new JsonException("null"));
                }

                rest = rest[Math.Min(rest.Length, end + 1)..];
            }
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or PolicyViolationException)
        {
            understood = false;
        }

        Assert.All(store.Networks.Values, static n => Assert.Equal(DigestOf(n.Items.Values), n.Digest));
        return understood;
    }

    private static void Take(PolicyStore store, PolicyMessage message)
    {
        switch (message)
        {
            case QueryMessage:
                break; // Answered, and not held.
            case LearnedMessage learned:
                store.Check(learned);
                break;
            default:
                store.Apply(message);
                break;
        }
    }
}
