using System.Text;
using Hnv.Fuzzing;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Topology;

/// <summary>Whatever a lab file says: a lab that can be made, or all that is wrong with it; never another exception. The labs of the repository are part of the corpus.</summary>
public sealed class LabFileFuzzTests
{
    private const int GateRounds = 300, SoakRounds = 300_000;

    private static readonly Corpus s_corpus = new("Topology/corpus");

    private static readonly string[] s_words =
    [
        "kind: LabHost\n", "kind: LabVm\n", "kind: LabFile\n", "kind: Port\n", "---\n", "name: ", "ports: [", "run: [{", "uplinks: [{", "addresses: [", "device: tap", "configure: auto", "mtu: ", "10.0.0.0/33", "::/129",
        "fabric", "\"\"", "\"\\0\"", "null", "[]", "{}", "&a ", "*a", "-1", "99999999999",
    ];

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Parse_CorpusFile_ALabOrErrors(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), Parse(s_corpus.Read(file)));

    [Fact]
    public void Parse_MutatedCorpus_ALabOrErrors() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Parse);

    [Fact]
    [Trait("Category", "Soak")]
    public void Parse_MutatedCorpusForLong_ALabOrErrors() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Parse);

    private static bool Parse(byte[] bytes)
    {
        try
        {
            LabTopology lab = LabFileReader.Parse(bytes, "f");
            Assert.NotEmpty(lab.Hosts);
            Assert.All(lab.Vms, vm => Assert.Contains(lab.Hosts, h => h.Name == vm.Host));
            Assert.Equal(lab.Hosts.Length + lab.Vms.Length, lab.Hosts.Select(static h => h.Name).Concat(lab.Vms.Select(static v => v.Name)).Distinct(StringComparer.Ordinal).Count());
            return true;
        }
        catch (LabFileException e)
        {
            Assert.NotEmpty(e.Errors);
            return false;
        }
    }
}
