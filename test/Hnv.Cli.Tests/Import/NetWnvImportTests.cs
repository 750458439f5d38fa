using System.Collections.Immutable;
using System.Text;
using Hnv.Api.Manifests;
using Hnv.Cli.Import;
using Hnv.Controller;
using Hnv.Model.Resources;

namespace Hnv.Cli.Tests.Import;

/// <summary>What Hyper-V exports, as PowerShell 5 and 7 write it, becomes manifests; what does not is named.</summary>
public sealed class NetWnvImportTests
{
    private const string Blue = "{11111111-2222-3333-4444-000000005001}";
    private const string Red = "{11111111-2222-3333-4444-000000006001}";
    private static readonly string s_exports = Path.Combine(DocumentationTests.Root, "test", "Hnv.Cli.Tests", "Import", "Exports");
    private static readonly string[] s_names = ["--network", $"{Blue}=blue-corp/blue", "--network", $"{Red}=red-corp/red"];

    private static IEnumerable<string> Exports => Directory.EnumerateFiles(s_exports).Order(StringComparer.Ordinal);

    [Fact]
    public async Task Export_AsRecords_IsTheseManifestsAndTheseRemarks()
    {
        CliRun run = await CliRun.RunAsync(["import", "netwnv", .. Exports, .. s_names]);
        Assert.Equal(1, run.ExitCode); // Not everything is carried.
        Golden.Check("import.records.yaml", run.Output);
        Golden.Check("import.records.err.txt", run.Error.Replace(s_exports + "/", string.Empty, StringComparison.Ordinal));
    }

    /// <summary>The guide's example is of this export.</summary>
    [Fact]
    public async Task Guide_EndsItsExampleAsTheImportDoes()
    {
        CliRun run = await CliRun.RunAsync(["import", "netwnv", .. Exports, .. s_names]);
        string guide = await File.ReadAllTextAsync(Path.Combine(DocumentationTests.Root, "docs", "guide", "import.md"), TestContext.Current.CancellationToken);
        Assert.Contains($"\n{run.Error.TrimEnd('\n').Split('\n')[^1]}\n```\n", guide, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_AsPorts_IsThisTable()
    {
        CliRun run = await CliRun.RunAsync(["import", "netwnv", .. Exports, .. s_names, "--named-hosts", "--as", "ports", "-o", "table"]);
        Golden.Check("import.ports.txt", run.Output);
    }

    /// <summary>What is applied is what get shows again, object by object.</summary>
    [Theory]
    [InlineData("records")]
    [InlineData("ports")]
    public async Task Applied_IsShownAgainAsItWasImported(string into)
    {
        string directory = Directory.CreateTempSubdirectory("hnv-import-").FullName;
        try
        {
            string address = $"unix:{directory}/c.sock";
            await using RunningController controller = await ControllerHost.StartAsync(
                new ControllerOptions { DataDirectory = directory, Store = "memory", Listen = [address] }, TestContext.Current.CancellationToken);
            string[] import = ["import", "netwnv", .. Exports, .. s_names, "--named-hosts", "--as", into];

            CliRun refused = await CliRun.RunAsync([.. import, "--apply"], lab: address);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("--partial applies the rest", refused.Error, StringComparison.Ordinal);
            Assert.Equal(string.Empty, (await CliRun.RunAsync("get hosts -o yaml", lab: address)).Output);

            CliRun shown = await CliRun.RunAsync(import);
            CliRun applied = await CliRun.RunAsync([.. import, "--apply", "--partial"], lab: address);
            Assert.True(applied.ExitCode == 0, applied.Error);
            var kept = new StringBuilder();
            foreach (string kind in new[] { "vmnetworks", "hosts", "providerendpoints", "ports", "lookuprecords" })
            {
                kept.Append("---\n").Append((await CliRun.RunAsync($"get {kind} -o yaml", lab: address)).Output);
            }

            Assert.Equal(Read(shown.Output), Read(kept.ToString()));
            Assert.All((await CliRun.RunAsync([.. import, "--apply", "--partial"], lab: address)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), static l => Assert.StartsWith("unchanged", l, StringComparison.Ordinal));
            if (into == "records")
            {
                string[] columns = (await CliRun.RunAsync("get lookuprecords -o wide", lab: address)).Output.Split('\n');
                Assert.Contains("VM NAME", columns[0], StringComparison.Ordinal);
                Assert.Contains(columns, static l => l.Contains("Blue 2 (web)", StringComparison.Ordinal) && l.Contains("Created by VMM", StringComparison.Ordinal));
                Assert.Equal(
                    "HOST  PREFIX     NEXT HOP     UPLINK       METRIC\nhv01  0.0.0.0/0  192.168.4.1  by next hop       0\n",
                    (await CliRun.RunAsync("get proutes", lab: address)).Output);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>PowerShell 5 writes UTF-16 and UTF-8 with a mark, PowerShell 7 UTF-8 without; some tools take marks away.</summary>
    [Fact]
    public void Export_InAnyEncodingAndForm_SaysTheSame()
    {
        const string Csv = "#TYPE X\r\n\"RoutingDomainID\",\"VirtualSubnetID\",\"DestinationPrefix\",\"NextHop\",\"Metric\"\r\n\"{11111111-2222-3333-4444-000000005001}\",\"5001\",\"10.0.0.0/24\",\"0.0.0.0\",\"255\"\r\n";
        const string Json = """{"RoutingDomainID":"{11111111-2222-3333-4444-000000005001}","VirtualSubnetID":5001,"DestinationPrefix":"10.0.0.0/24","NextHop":"0.0.0.0","Metric":255}""";
        string[] texts =
        [
            Csv, Csv.Replace("\",\"", "\";\"", StringComparison.Ordinal), Csv.Replace("\",\"", "\"\t\"", StringComparison.Ordinal), Csv.Replace("#TYPE X\r\n", "", StringComparison.Ordinal), Csv.Replace("\"", "", StringComparison.Ordinal),
            Json, $"[{Json}]", $"[{Json},{Json}]", $$"""{"value":[{{Json}}],"Count":1}""", Json.Replace("5001,", "{\"value\":5001,\"Value\":\"x\"},", StringComparison.Ordinal),
        ];
        Encoding[] encodings = [new UTF8Encoding(false), new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode, new UnicodeEncoding(false, false), new UnicodeEncoding(true, false)];
        string wanted = ManifestWriter.ToYaml(Import(out _, Encoding.UTF8.GetBytes(Json)));
        Assert.Contains("vsid: 5001", wanted, StringComparison.Ordinal);
        foreach (string text in texts)
        {
            foreach (Encoding encoding in encodings)
            {
                Assert.Equal(wanted, ManifestWriter.ToYaml(Import(out ImportFindings findings, [.. encoding.GetPreamble(), .. encoding.GetBytes(text)])));
                Assert.Equal("Metric", Assert.Single(findings.All).Field);
            }
        }
    }

    [Theory]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "5001,10.0.0.5,00155D000002,192.168.4.11", "10.0.0.5 in VSID 5001 is 00:15:5d:00:00:02 at 192.168.4.11 here, and 00:15:5d:00:00:01 at 192.168.4.11 in f.csv, row 1")]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "5001,10.0.0.5,00155D000001,192.168.4.22", "is 00:15:5d:00:00:01 at 192.168.4.22 here, and 00:15:5d:00:00:01 at 192.168.4.11 in f.csv, row 1")]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "5001,10.0.0.6,nonsense,192.168.4.11", "'nonsense' is wrong")]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "99999999,10.0.0.6,00155D000002,192.168.4.11", "'99999999' is wrong")]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "5001,10.0.0.6", "line 3 has not as many fields as the header, or is cut off")]
    [InlineData("5001,10.0.0.5,00155D000001,192.168.4.11", "5001,\"10.0.0.6,00155D000002,192.168.4.11", "line 3 has a quote that does not close")]
    public void Records_ThatContradictOrAreBroken_AreErrorsAndNothingIsImported(string first, string second, string what)
    {
        ImmutableArray<Resource> resources = Import(
            out ImportFindings findings, Csv("VirtualSubnetID,CustomerAddress,MACAddress,ProviderAddress", first, second), Csv("RoutingDomainID,VirtualSubnetID,DestinationPrefix,NextHop", $"{Blue},5001,10.0.0.0/24,0.0.0.0"));
        Assert.Empty(resources);
        Assert.Contains(findings.All, f => f.Severity == ImportSeverity.Error && f.What.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void Vsid_InTwoRoutingDomains_IsAnErrorThatNamesBothRows()
    {
        _ = Import(out ImportFindings findings, Csv("RoutingDomainID,VirtualSubnetID,DestinationPrefix,NextHop", $"{Blue},5001,10.0.0.0/24,0.0.0.0", $"{Red},5001,10.0.0.0/24,0.0.0.0"));
        ImportFinding finding = Assert.Single(findings.All);
        Assert.Equal(("f.csv: row 2: RoutingDomainID", $"VSID 5001 is in routing domain {Red} here, and in {Blue} in f.csv, row 1"), (finding.Where, finding.What));
    }

    [Theory]
    [InlineData("5001,10.0.0.0/24,0.0.0.0", "5001,10.0.1.0/24,0.0.0.0", "a subnet has one prefix of each family")]
    [InlineData("5001,10.0.0.0/24,0.0.0.0", "5002,10.0.0.128/25,0.0.0.0", "overlaps with VSID 5001")]
    [InlineData("5001,10.0.0.0/24,0.0.0.0", "5001,0.0.0.0/0,10.9.0.1", "10.9.0.1 is in no on-link prefix")]
    [InlineData("5001,10.0.0.0/24,0.0.0.0", "5001,0.0.0.0/0,10.0.0.1", "10.0.0.1 is the distributed gateway of VSID 5001")]
    [InlineData("5001,10.0.0.0/24,0.0.0.0", "5002,0.0.0.0/0,10.0.0.9", "VSID 5002 has no on-link prefix")]
    public void Route_ThatCannotBeCarried_IsLeftOutByName(string first, string second, string what)
    {
        ImmutableArray<Resource> resources = Import(out ImportFindings findings, Csv("RoutingDomainID,VirtualSubnetID,DestinationPrefix,NextHop", $"{Blue},{first}", $"{Blue},{second}"));
        Assert.NotEmpty(resources);
        Assert.Contains(findings.All, f => f.Severity == ImportSeverity.LeftOut && f.What.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void ExternalRouter_KeepsTheRoutesOfEachSubnet()
    {
        ImmutableArray<Resource> resources = Import(
            out ImportFindings findings,
            Csv("UseExternalRouter", "True"),
            Csv(
                "RoutingDomainID,VirtualSubnetID,DestinationPrefix,NextHop", $"{Blue},5001,10.0.0.0/24,0.0.0.0", $"{Blue},5002,10.0.1.0/24,0.0.0.0",
                $"{Blue},5001,10.0.1.0/24,10.0.0.254", $"{Blue},5002,10.0.0.0/24,10.0.1.254", $"{Blue},5001,0.0.0.0/0,10.0.0.254", $"{Blue},5002,0.0.0.0/0,10.0.1.254"));

        Assert.DoesNotContain(findings.All, static f => f.Severity != ImportSeverity.Note);
        VmNetwork network = Assert.IsType<VmNetwork>(Assert.Single(resources));
        Assert.True(network.UseExternalRouter);
        Assert.Equal([5001u, 5002u], network.Subnets.Select(static s => s.Vsid));
        Assert.Equal(
            ["10.0.1.0/24 via 10.0.0.254", "10.0.0.0/24 via 10.0.1.254", "0.0.0.0/0 via 10.0.0.254", "0.0.0.0/0 via 10.0.1.254"],
            network.Routes.Select(static r => $"{r.Prefix} via {r.NextHop}"));
        Assert.Equal(Guid.Parse(Blue), network.RoutingDomainId);
    }

    [Fact]
    public void Globals_ThatDiffer_AreAnError()
    {
        _ = Import(out ImportFindings findings, Csv("UseExternalRouter,PSComputerName", "True,hv01", "False,hv02"));
        Assert.Equal(ImportSeverity.Error, Assert.Single(findings.All).Severity);
    }

    /// <summary>Whatever is cut off or changed in a file, the import ends with findings and not otherwise.</summary>
    [Fact]
    public void Export_CutOffOrDamagedAnywhere_IsToldAndNothingElseHappens()
    {
        var random = new Random(7);
        foreach (string file in Exports)
        {
            byte[] whole = File.ReadAllBytes(file);
            for (int i = 0; i < 150; i++)
            {
                byte[] damaged = [.. whole.Take(random.Next(whole.Length))];
                _ = Import(out ImportFindings findings, damaged);
                for (int changes = random.Next(1, 8); changes > 0 && damaged.Length > 0; changes--)
                {
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                }

                _ = Import(out findings, damaged);
                Assert.All(findings.All, static f => Assert.NotEmpty(f.What));
            }
        }
    }

    [Theory]
    [InlineData("CustomerAddress : 10.0.0.5\r\n", "is what PowerShell shows on the screen")]
    [InlineData("<Objs Version=\"1.1.0.1\">", "is XML, perhaps of Export-Clixml")]
    [InlineData("[{\"CustomerAddress\":", "is not JSON, or cut off: line 1, byte")]
    [InlineData("[1]", "is no object but number")]
    [InlineData("{\"Name\":\"vm1\"}", "is no object of NetWNV: it has Name")]
    public void File_ThatIsSomethingElse_IsAnErrorWithTheRemedy(string text, string what)
    {
        _ = Import(out ImportFindings findings, Encoding.UTF8.GetBytes(text));
        ImportFinding finding = Assert.Single(findings.All);
        Assert.Contains(what, finding.What, StringComparison.Ordinal);
        Assert.NotNull(finding.Remedy);
    }

    [Fact]
    public void Field_OfAMegabyte_IsAnErrorAndNotKept()
    {
        _ = Import(out ImportFindings findings, Encoding.UTF8.GetBytes($$"""{"UseExternalRouter":false,"Context":"{{new string('x', 1 << 20)}}"}"""));
        Assert.Equal("has 1048576 characters", Assert.Single(findings.All).What);
    }

    [Theory]
    [InlineData("--host 192.168.4.11", "--host: '192.168.4.11' is wrong.")]
    [InlineData("--host x=host1", "--host: 'x=host1' is wrong.")]
    [InlineData("--host 192.168.4.11=Host1", "--host: '192.168.4.11=Host1' is wrong.")]
    [InlineData("--host 192.168.4.11=a --host 192.168.4.11=b", "--host: 192.168.4.11 is there twice.")]
    [InlineData("--network 5001=blue", "--network: '5001=blue' is wrong.")]
    public async Task Names_ThatAreNone_AreUsageErrors(string arguments, string what)
    {
        CliRun run = await CliRun.RunAsync(["import", "netwnv", Exports.First(), .. arguments.Split(' ')]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(what, run.Error, StringComparison.Ordinal);
    }

    private static ImmutableArray<Resource> Import(out ImportFindings findings, params byte[][] files)
    {
        ImportFindings found = findings = new ImportFindings();
        ExportRow[] rows = [.. files.SelectMany(f => ExportReader.Read("f.csv", f, found))];
        var options = new ImportOptions("default", ImmutableDictionary<System.Net.IPAddress, string>.Empty, ImmutableDictionary<Guid, (string?, string)>.Empty, NamedHosts: false, AsPorts: false);
        return NetWnvImport.Translate(NetWnvExport.Read(rows, findings), options, findings);
    }

    private static byte[] Csv(params string[] lines) => Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n");

    private static IEnumerable<string> Read(string yaml)
    {
        ManifestReadResult read = ManifestReader.Read(Encoding.UTF8.GetBytes(yaml), "f");
        Assert.Empty(read.Errors);
        (ImmutableArray<Resource> resources, ImmutableArray<ManifestError> errors) = ManifestBinding.Read(read.Documents);
        Assert.Empty(errors);
        return resources.OrderBy(static r => r.Id.ToString(), StringComparer.Ordinal).Select(static r => ManifestWriter.ToYaml(r));
    }
}
