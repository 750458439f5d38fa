using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Manifests;
using Hnv.Api.Resources;
using Hnv.Cli.Import;
using Hnv.Fuzzing;
using Hnv.Model.Resources;

namespace Hnv.Cli.Tests.Import;

/// <summary>
/// Whatever a file holds: findings, or manifests that read as what was imported; never an exception. The exports of the other tests are the sound part of
/// the corpus; what is broken in some way is beside them.
/// </summary>
public sealed class ImportFuzzTests
{
    private const int GateRounds = 400, SoakRounds = 400_000;

    private static readonly Corpus s_exports = new("Import/Exports"), s_broken = new("Import/corpus");

    private static readonly string[] s_words =
    [
        "\"", "\"\"", ",", ";", "\t", "\r\n", "#", "CustomerAddress", "VirtualSubnetID", "DestinationPrefix", "NextHop", "InterfaceIndex", "PrefixLength", "UseExternalRouter", "RoutingDomainID",
        "GatewayWildcard", "L2Only", "Dynamic", "True", "5001", "4095", "16777215", "0.0.0.0", "::", "::/0", "10.0.0.0/33", "{00000000-0000-0000-0000-000000000000}", "\\ud800", "\0", "\ufeff", "value",
    ];

    public static TheoryData<string> Files => [.. s_exports.Names.Concat(s_broken.Names)];

    private static Mutator Mutator => new([.. s_exports.Samples, .. s_exports.Samples.Where(static s => s.Length < 10_000), .. s_broken.Samples], s_words);

    [Theory]
    [MemberData(nameof(Files))]
    public void Import_CorpusFile_ManifestsOrFindings(string file) => Import(s_exports.Names.Contains(file) ? s_exports.Read(file) : s_broken.Read(file));

    [Fact]
    public void Import_MutatedCorpus_ManifestsOrFindings() => FuzzRun.Of(GateRounds, Mutator, Import);

    [Fact]
    [Trait("Category", "Soak")]
    public void Import_MutatedCorpusForLong_ManifestsOrFindings() => FuzzRun.Of(SoakRounds, Mutator, Import);

    /// <returns>Whether something was imported.</returns>
    private static bool Import(byte[] content)
    {
        bool imported = false;
        foreach (bool asPorts in (ReadOnlySpan<bool>)[false, true])
        {
            var findings = new ImportFindings();
            ImmutableArray<ExportRow> rows = ExportReader.Read("f", content, findings);
            Assert.Equal(rows.Length, rows.Select(static r => r.Number).Distinct().Count());
            var options = new ImportOptions("default", ImmutableDictionary<IPAddress, string>.Empty.Add(IPAddress.Parse("192.168.4.11"), "host1"), ImmutableDictionary<Guid, (string?, string)>.Empty, NamedHosts: true, asPorts);
            ImmutableArray<Resource> resources = NetWnvImport.Translate(NetWnvExport.Read(rows, findings), options, findings);
            Assert.All(findings.All, static f => Assert.False(string.IsNullOrWhiteSpace(f.What)));
            Assert.True(findings.Count(ImportSeverity.Error) == 0 || resources.IsEmpty);
            Assert.True(rows.Length > 0 || resources.IsEmpty);
            (ImmutableArray<Resource> read, ImmutableArray<ManifestError> errors) = ManifestBinding.Read(ManifestReader.Read(ManifestWriter.ToYaml(resources), "f").Documents);
            Assert.Empty(errors);
            Assert.Equal<Resource>(resources, read);
            imported |= resources.Length > 0;
        }

        return imported;
    }
}
