using System.Text;
using Hnv.Api.Manifests;
using Hnv.Api.Resources;
using Hnv.Fuzzing;
using Hnv.Model;
using Hnv.Model.Resources;
using System.Text.Json;

namespace Hnv.Api.Tests.Manifests;

/// <summary>Whatever the bytes: documents or errors, never an exception. The corpus is kept in the tree; what once broke goes there.</summary>
public class ManifestFuzzTests
{
    private const int GateRounds = 3_000, SoakRounds = 300_000;

    private static readonly Corpus s_corpus = new("corpus");

    private static readonly string[] s_words =
    [
        "---\n", "...\n", "\n", "\t", ": ", "- ", "? ", "&a ", "*a ", "!!binary ", "!<x> ", "%YAML 1.1\n", "%TAG ! x\n", "|2\n", ">+\n", "\"", "'", "[", "]", "{", "}", ",",
        "#", "\\", "\\ud800", "\\x", "\u0085", "\u2028", "\ufeff", "\0", "<<: ", "0x", "1e999", "-0", "99999999999999999999", "null", "é", "\U0001f600", "@", "`", "\r",
    ];

    private const string Network =
        """{"kind":"VmNetwork","name":"n","tenant":"t","routingDomainId":"{11111111-2222-3333-4444-000000005001}","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/24"]}],"routes":[{"prefix":"0.0.0.0/0","nextHop":"10.0.0.5","metric":10}]}""";

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_DocumentsOrErrors(string file) => Read(s_corpus.Read(file));

    [Fact]
    public void Read_MutatedCorpus_NeverThrows() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_NeverThrows() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Read);

    [Fact]
    public void TryRead_MutatedJson_NeverThrows() => FuzzRun.Of(GateRounds, new Mutator([Encoding.UTF8.GetBytes(Network)], s_words), TryRead);

    [Fact]
    [Trait("Category", "Soak")]
    public void TryRead_MutatedJsonForLong_NeverThrows() => FuzzRun.Of(SoakRounds, new Mutator([Encoding.UTF8.GetBytes(Network)], s_words), TryRead);

    /// <returns>Whether it is a resource.</returns>
    private static bool TryRead(byte[] bytes)
    {
        JsonElement element;
        try
        {
            element = JsonElement.Parse(bytes);
        }
        catch (JsonException)
        {
            return false;
        }

        List<Finding> findings = [];
        bool read = ResourceJson.TryRead(element, "t", out Resource? resource, findings);
        Assert.Equal(read, resource is not null);
        Assert.Equal(read, findings.Count == 0);
        return read;
    }

    /// <returns>Whether there is nothing wrong with it.</returns>
    private static bool Read(byte[] bytes)
    {
        ManifestReadResult file = ManifestReader.Read(bytes, "f");
        Assert.All(file.Errors, e => Assert.StartsWith("f:", e.ToString(), StringComparison.Ordinal));
        int lines = 1 + bytes.Count(b => b is (byte)'\n' or (byte)'\r' or 0x85 or 0xa8 or 0xa9);
        Assert.All(file.Errors, e => Assert.InRange(e.Line ?? 1, 1, lines + 1));
        (var resources, var errors) = ManifestBinding.Read(file.Documents);
        Assert.All(errors, e => Assert.InRange(e.Line!.Value, 1, lines + 1));
        Assert.True(resources.Length + errors.Length >= file.Documents.Length);
        string yaml = ManifestWriter.ToYaml(file.Documents.Select(d => d.Root));
        Assert.Equal(file.Documents.Select(d => d.Root.GetRawText()), ManifestReader.Read(yaml, "f").Documents.Select(d => d.Root.GetRawText()));
        return file.Errors.IsEmpty && errors.IsEmpty;
    }
}
