using Hnv.Fuzzing;

namespace Hnv.Wire.Tests;

/// <summary>
/// Frames, and what becomes of them when they are damaged: no parser throws or never ends, at whatever header they begin. The corpus was recorded in a
/// lab, at VMs and on the wire between hosts; what stands for a class of malformation is beside it.
/// </summary>
public sealed class WireFuzzTests
{
    private const int GateRounds = 1_500, SoakRounds = 2_000_000;

    private static readonly Corpus s_corpus = new("corpus");

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Describe_CorpusFile_SaysWhatIsThere(string file)
    {
        byte[] frame = s_corpus.Read(file);
        Assert.Equal(!file.StartsWith("malformed", StringComparison.Ordinal) && !file.StartsWith("truncated", StringComparison.Ordinal), Read(frame));
        for (int at = 0; at < Math.Min(frame.Length, 200); at++)
        {
            EveryParser.Read(frame[at..]);
        }
    }

    [Fact]
    public void EveryParser_MutatedCorpus_NeverThrows() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void EveryParser_MutatedCorpusForLong_NeverThrows() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples), Read);

    /// <returns>Whether the describer found nothing malformed.</returns>
    private static bool Read(byte[] frame)
    {
        EveryParser.Read(frame);

        // The parsers behind the Ethernet and IPv4 headers, and behind those and a tunnel's.
        foreach (int at in (ReadOnlySpan<int>)[14, 34, 42, 54, 62])
        {
            if (at < frame.Length)
            {
                EveryParser.Read(frame[at..]);
            }
        }

        string said = PacketDescriber.Describe(frame);
        Assert.True(said.Length < 2_000 + 100 * frame.Length, $"{frame.Length} bytes are described with {said.Length} characters.");
        return !said.Contains("malformed", StringComparison.OrdinalIgnoreCase) && !said.Contains("truncated", StringComparison.OrdinalIgnoreCase);
    }
}
