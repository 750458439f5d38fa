using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Api.Manifests;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;
using System.Text.Json;

namespace Hnv.Api.Tests.Manifests;

/// <summary>Whatever the bytes: documents or errors, never an exception. The corpus is kept in the tree; what once broke goes there.</summary>
public class ManifestFuzzTests
{
    private const int GateRounds = 3_000, SoakRounds = 300_000;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus");

    private static readonly byte[][] Corpus = [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static readonly string[] Tokens =
    [
        "---\n", "...\n", "\n", "\t", ": ", "- ", "? ", "&a ", "*a ", "!!binary ", "!<x> ", "%YAML 1.1\n", "%TAG ! x\n", "|2\n", ">+\n", "\"", "'", "[", "]", "{", "}", ",",
        "#", "\\", "\\ud800", "\\x", "\u0085", "\u2028", "\ufeff", "\0", "<<: ", "0x", "1e999", "-0", "99999999999999999999", "null", "é", "\U0001f600", "@", "`", "\r",
    ];

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_DocumentsOrErrors(string file) => Exercise(File.ReadAllBytes(Path.Combine(Folder, file)));

    [Fact]
    public void Read_MutatedCorpus_NeverThrows() => ReadMutated(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_NeverThrows() => ReadMutated(SoakRounds);

    [Fact]
    public void TryRead_MutatedJson_NeverThrows() => TryReadMutated(GateRounds);

    [Fact]
    [Trait("Category", "Soak")]
    public void TryRead_MutatedJsonForLong_NeverThrows() => TryReadMutated(SoakRounds);

    private static void ReadMutated(int rounds) => Prop
        .ForAll(Mutated.ToArbitrary(), Exercise)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(rounds));

    private static void TryReadMutated(int rounds) => Prop
        .ForAll(Mutate(Gen.Constant(Encoding.UTF8.GetBytes(
            """{"kind":"VmNetwork","name":"n","tenant":"t","routingDomainId":"{11111111-2222-3333-4444-000000005001}","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/24"]}],"routes":[{"prefix":"0.0.0.0/0","nextHop":"10.0.0.5","metric":10}]}"""))).ToArbitrary(),
            bytes =>
            {
                JsonElement element;
                try
                {
                    element = JsonElement.Parse(bytes);
                }
                catch (JsonException)
                {
                    return;
                }

                List<Finding> findings = [];
                bool read = ResourceJson.TryRead(element, "t", out Resource? resource, findings);
                Assert.Equal(read, resource is not null);
                Assert.Equal(read, findings.Count == 0);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(rounds));

    private static Gen<byte[]> Mutated => Mutate(Gen.Elements(Corpus));

    private static Gen<byte[]> Mutate(Gen<byte[]> seeds) =>
        from seed in seeds
        from count in Gen.Choose(1, 6)
        from mutations in Mutation.ArrayOf(count)
        select mutations.Aggregate(seed, (bytes, mutate) => mutate(bytes));

    private static Gen<Func<byte[], byte[]>> Mutation => Gen.OneOf(
        from at in Gen.Choose(0, int.MaxValue - 1) from value in Gen.Choose(0, 255)
        select (Func<byte[], byte[]>)(b => b.Length == 0 ? b : [.. b[..(at % b.Length)], (byte)value, .. b[(at % b.Length + 1)..]]),
        from at in Gen.Choose(0, int.MaxValue - 1) from length in Gen.Choose(1, 40)
        select (Func<byte[], byte[]>)(b => b.Length == 0 ? b : [.. b[..(at % b.Length)], .. b[Math.Min(b.Length, at % b.Length + length)..]]),
        from at in Gen.Choose(0, int.MaxValue - 1) from token in Gen.Elements(Tokens)
        select (Func<byte[], byte[]>)(b => [.. b[..(at % (b.Length + 1))], .. Encoding.UTF8.GetBytes(token), .. b[(at % (b.Length + 1))..]]),
        from source in Gen.Choose(0, int.MaxValue - 1) from length in Gen.Choose(1, 60) from to in Gen.Choose(0, int.MaxValue - 1)
        select (Func<byte[], byte[]>)(b =>
        {
            int start = source % (b.Length + 1);
            int at = to % (b.Length + 1);
            return [.. b[..at], .. b[start..Math.Min(b.Length, start + length)], .. b[at..]];
        }));

    private static void Exercise(byte[] bytes)
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
    }
}
