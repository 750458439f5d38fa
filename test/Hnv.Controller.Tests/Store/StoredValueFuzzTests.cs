using Hnv.Controller.Store;
using Hnv.Fuzzing;

namespace Hnv.Controller.Tests.Store;

/// <summary>
/// Whatever stands in the state log, which another version may have written or a restore brought: what is written again as it was, or one refusal. The
/// corpus has values of a lab's log.
/// </summary>
public sealed class StoredValueFuzzTests
{
    private const int GateRounds = 1_000, SoakRounds = 1_000_000;

    private static readonly Corpus s_corpus = new("Store/corpus");

    private static readonly string[] s_words = ["Port", "Host", "VmNetwork", "77", "resource", "value", "number", "revision", "set", "kind", "10.0.0.0/24", "\\ud800", "\\u0000", "null", "9223372036854775808"];

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_IsUnderstoodOrRefused(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), Read(s_corpus.Read(file)));

    [Fact]
    public void Read_MutatedCorpus_IsUnderstoodOrRefused() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_IsUnderstoodOrRefused() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Read);

    /// <returns>Whether it is a value of one kind.</returns>
    private static bool Read(byte[] value)
    {
        bool isResource = Understands(() =>
        {
            StoredResource stored = StoredResource.Read("/r/x", value, 17);
            Assert.Equal(stored, StoredResource.Read("/r/x", stored.ToBytes(withRevision: true), 18));
        });
        bool isChunk = Understands(() =>
        {
            StagedWrite[] writes = [.. StagedChunks.Read("/s/x", value, 17)];
            byte[] chunk = Assert.Single(StagedChunks.Cut(writes));
            Assert.Equal(chunk, Assert.Single(StagedChunks.Cut(StagedChunks.Read("/s/x", chunk, 17))));
        });
        bool isHead = Understands(() =>
        {
            CloudHead head = CloudHead.Read(value);
            Assert.Equal(head, CloudHead.Read(head.ToBytes()));
        });
        return isResource || isChunk || isHead;
    }

    private static bool Understands(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
