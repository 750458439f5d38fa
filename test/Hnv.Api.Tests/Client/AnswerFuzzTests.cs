using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Fuzzing;

namespace Hnv.Api.Tests.Client;

/// <summary>
/// What controllers, agents and clients tell each other: policy messages, events, reports, answers of hosts. Whatever the bytes: what is written again as it
/// was understood, or the one exception of who reads it. The corpus was recorded in a lab; the beginning of a file's name is the type.
/// </summary>
public sealed class AnswerFuzzTests
{
    private const int GateRounds = 1_500, SoakRounds = 1_500_000;

    private static readonly Corpus s_corpus = new("Client/corpus");

    private static readonly string[] s_words =
    [
        "null", "[null]", "\\ud800", "0.0.0.0", "fe80::1%1", "fe80::1%nowhere", "::ffff:10.0.0.1", "10.0.0.1/8", "1", "0x10.1", "00:00", "ff-ff-ff-ff-ff-ff", "18446744073709551616", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999-14:00", "static", "hash", "bound", "put", "bookmark", "delta", "items", "{\"type\":\"hello\"}",
    ];

    private static readonly Dictionary<string, Func<string, object>> s_readers = new(StringComparer.Ordinal)
    {
        ["PolicyMessage"] = PolicyStreamClient.Parse,
        ["WatchEvent"] = HnvClient.ParseEvent,
        ["RecordEvent"] = static text => HnvClient.ParseRecordEvent(Element(text)),
        ["HostReport"] = Read<HostReport>,
        ["LearnedReport"] = Read<LearnedReport>,
        ["HostStatus"] = Read<HostStatus>,
        ["HnvProblem"] = Read<HnvProblem>,
        ["KernelRecord"] = static text => Read<Box<KernelRecord>>($"{{\"items\":{text}}}"),
        ["KernelRoute"] = static text => Read<Box<KernelRoute>>($"{{\"items\":{text}}}"),
        ["KernelPort"] = static text => Read<Box<KernelPort>>($"{{\"items\":{text}}}"),
        ["VerdictCount"] = static text => Read<Box<VerdictCount>>($"{{\"items\":{text}}}"),
        ["PortTraffic"] = static text => Read<Box<PortTraffic>>($"{{\"items\":{text}}}"),
    };

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_IsUnderstood(string file) => Assert.True(Understands(file, s_corpus.Read(file)));

    [Fact]
    public void Read_MutatedCorpus_IsUnderstoodOrRefused() => Fuzz(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_IsUnderstoodOrRefused() => Fuzz(SoakRounds);

    [Fact]
    public void ReadLine_MutatedStream_TheLinesOfTheText() => FuzzLines(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void ReadLine_MutatedStreamForLong_TheLinesOfTheText() => FuzzLines(SoakRounds);

    private static void Fuzz(int rounds)
    {
        foreach (IGrouping<string, string> type in s_corpus.Names.GroupBy(static n => n.Split('.')[0], StringComparer.Ordinal))
        {
            FuzzRun.Of(rounds / s_readers.Count, new Mutator([.. type.Select(s_corpus.Read)], s_words), bytes => Understands(type.Key, bytes));
        }
    }

    private static bool Understands(string name, byte[] bytes)
    {
        Func<string, object> read = s_readers[name.Split('.')[0]];
        try
        {
            object value = read(Encoding.UTF8.GetString(bytes));
            string written = Written(value);
            Assert.Equal(written, Written(name.StartsWith("PolicyMessage", StringComparison.Ordinal) ? PolicyStreamClient.Parse(written) : JsonSerializer.Deserialize(written, value.GetType(), HnvJson.Options)!));
            return true;
        }
        catch (Exception e) when (e is JsonException or HnvApiException)
        {
            return false;
        }
    }

    private static string Written(object value) => value is PolicyMessage message ? JsonSerializer.Serialize(message, HnvJson.Options) : JsonSerializer.Serialize(value, value.GetType(), HnvJson.Options);

    private static T Read<T>(string text)
        where T : class => JsonSerializer.Deserialize<T>(text, HnvJson.Options) ?? throw new JsonException("null");

    private static JsonElement Element(string text) => JsonElement.Parse(text);

    private sealed record Box<T>(ImmutableArray<T> Items);

    /// <summary>Lines of at most 400 bytes, however the bytes arrive, and a refusal of the first that is longer.</summary>
    private static void FuzzLines(int rounds)
    {
        const int Longest = 400;
        byte[][] streams = [.. Enumerable.Range(0, 3).Select(i => Encoding.UTF8.GetBytes(string.Join(i == 1 ? "\r\n" : "\n", s_corpus.Samples.Select(Encoding.UTF8.GetString).Where(l => i > 0 || l.Length <= Longest))))];
        FuzzRun.Of(rounds, new Mutator(streams, "\n", "\r\n", "\r", "\n\n", new string('x', Longest), "\ufeff"), bytes =>
        {
            List<string> lines = [];
            bool isWhole = ReadLines(bytes, Longest, lines);
            string[] expected = [.. Split(bytes)];
            Assert.Equal(expected[..Math.Min(expected.Length, lines.Count)], lines);
            Assert.Equal(isWhole, lines.Count == expected.Length);
            return isWhole;
        });
    }

    /// <summary>What follows the last line's end is a line, unless it is nothing.</summary>
    private static IEnumerable<string> Split(byte[] bytes)
    {
        for (int from = 0; from < bytes.Length;)
        {
            int end = bytes.AsSpan(from).IndexOf((byte)'\n');
            string line = Encoding.UTF8.GetString(bytes.AsSpan(from, end < 0 ? bytes.Length - from : end));
            yield return end < 0 ? line : line.TrimEnd('\r');
            from = end < 0 ? bytes.Length : from + end + 1;
        }
    }

    private static bool ReadLines(byte[] bytes, int longest, List<string> lines)
    {
        using var stream = new Dribble(bytes);
        var reader = new LineReader(stream, longest);
        try
        {
            while (reader.ReadLineAsync(CancellationToken.None).GetAwaiter().GetResult() is { } line)
            {
                lines.Add(line);
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class Dribble(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (int)(Position % 97))], cancellationToken);
    }
}
