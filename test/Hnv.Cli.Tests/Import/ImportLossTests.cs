using System.Text.Json;

namespace Hnv.Cli.Tests.Import;

/// <summary>What an import does not take over it names, with the row, and what is of a machine that stays stays there.</summary>
public sealed class ImportLossTests : IDisposable
{
    private const string Routes = "RoutingDomainID,VirtualSubnetID,DestinationPrefix,NextHop,Metric\n{11111111-2222-3333-4444-000000005001},5001,10.0.0.0/24,0.0.0.0,0\n";
    private const string Records = "VirtualSubnetID,CustomerAddress,MACAddress,ProviderAddress,VMName,CustomerID,Context,PSComputerName\n";
    private const string Addresses = "ProviderAddress,PrefixLength,InterfaceIndex,VlanID,PSComputerName\n192.168.4.11,24,12,0,HV01.corp.example.com\n192.168.4.22,24,14,0,HV02.corp.example.com\n";
    private const string ProviderRoutes = "DestinationPrefix,NextHop,InterfaceIndex,Metric,PSComputerName\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-loss-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("web,{c1},VMM", "web2,{c1},VMM", "VMName", "is 'web2' here, and 'web' in records.csv, row 1, which counts")]
    [InlineData("web,{c1},VMM", "web,{c2},VMM", "CustomerID", "is '{c2}' here, and '{c1}' in records.csv, row 1, which counts")]
    [InlineData("web,{c1},VMM", "web,{c1},Script", "Context", "is 'Script' here, and 'VMM' in records.csv, row 1, which counts")]
    [InlineData("web,{c1},", "web,{c1},Script", "Context", "is 'Script' here, and empty in records.csv, row 1, which counts")]
    public async Task Remark_ThatTwoHostsSayDifferently_IsLeftOutByName(string first, string second, string field, string what)
    {
        JsonElement answer = await ImportAsync(
            1, [], ("routes.csv", Routes), ("records.csv", $"{Records}5001,10.0.0.5,00155D000001,192.168.4.11,{first},hv01\n5001,10.0.0.5,00155D000001,192.168.4.11,{second},hv02\n"));
        Assert.Equal(("leftOut", "records.csv", 2, field, what), Assert.Single(Findings(answer), static f => f.Severity != "note"));
        Assert.Single(Objects(answer, "LookupRecord"));
    }

    [Fact]
    public async Task Remarks_ThatAreAlike_AreNoFinding()
    {
        JsonElement answer = await ImportAsync(
            0, [], ("routes.csv", Routes), ("records.csv", $"{Records}5001,10.0.0.5,00155D000001,192.168.4.11,web,c,VMM,hv01\n5001,10.0.0.5,00155D000001,192.168.4.11,web,c,VMM,hv02\n"));
        Assert.DoesNotContain(Findings(answer), static f => f.Severity != "note");
    }

    [Fact]
    public async Task Remarks_OfWhatBecomesAPort_AreEachNoted()
    {
        JsonElement answer = await ImportAsync(
            0, ["--as", "ports", "--host", "192.168.4.11=host1"],
            ("routes.csv", Routes), ("records.csv", $"{Records}5001,10.0.0.5,00155D000001,192.168.4.11,web,c,VMM,hv01\n5001,10.0.0.6,00155D000001,192.168.4.11,web2,c,VMM,hv01\n"));
        Assert.Equal(["CustomerID", "Context", "VMName"], Findings(answer).Where(static f => f.Field is "CustomerID" or "Context" or "VMName").Select(static f => f.Field));
        Assert.Contains(Findings(answer), static f => f.What == "is 'web2' here, and 'web' in records.csv, row 1, after which the port is named");
    }

    [Fact]
    public async Task MetricOfOnLinkRoutes_IsNotedOnce()
    {
        JsonElement answer = await ImportAsync(
            0, [], ("routes.csv", Routes.Replace("0.0.0.0,0", "0.0.0.0,255", StringComparison.Ordinal) + "{11111111-2222-3333-4444-000000005001},5002,10.0.1.0/24,0.0.0.0,255\n"));
        Assert.Equal(("note", "routes.csv", 1, "Metric", "255 of an on-link route is not taken over, here and in other rows"), Assert.Single(Findings(answer)));
    }

    [Theory]
    [InlineData("0.0.0.0/0,192.168.4.1,12,4294967295,hv01", "Metric", "4294967295 is more than a route's metric here: 2000000000")]
    [InlineData("0.0.0.0/0,fd00::1,12,5,hv01", null, "Host hv01/providerRoutes/1/nextHop: ")]
    [InlineData("224.0.0.0/4,192.168.4.1,12,5,hv01", null, "Host hv01/providerRoutes/1/prefix: ")]
    public async Task ProviderRoute_ThatCannotBeCarried_IsLeftOutWithItsRow_AndTheRestIsImported(string route, string? field, string what)
    {
        JsonElement answer = await ImportAsync(
            1, ["--named-hosts"],
            ("addresses.csv", Addresses), ("proutes.csv", $"{ProviderRoutes}10.9.0.0/16,192.168.4.1,12,5,hv01\n{route}\n10.8.0.0/16,192.168.4.1,12,5,hv01\n"));
        (string Severity, string File, int? Row, string? Field, string What) finding = Assert.Single(Findings(answer), static f => f.Severity != "note");
        Assert.Equal(("leftOut", "proutes.csv", 2, field), (finding.Severity, finding.File, finding.Row, finding.Field));
        Assert.StartsWith(what, finding.What, StringComparison.Ordinal);
        Assert.Equal(
            ["10.9.0.0/16", "10.8.0.0/16"],
            Objects(answer, "Host").First(static h => h.GetProperty("name").GetString() == "hv01").GetProperty("providerRoutes").EnumerateArray().Select(static r => r.GetProperty("prefix").GetString()));
    }

    [Fact]
    public async Task CustomerRoute_ThatTheModelRefuses_IsLeftOutWithItsRow_AndTheRestIsImported()
    {
        JsonElement answer = await ImportAsync(
            1, [], ("routes.csv", Routes + "{11111111-2222-3333-4444-000000005001},5001,224.0.0.0/4,10.0.0.9,5\n{11111111-2222-3333-4444-000000005001},5001,10.8.0.0/16,10.0.0.9,5\n"));
        (string Severity, string File, int? Row, string? Field, string What) finding = Assert.Single(Findings(answer));
        Assert.Equal(("leftOut", "routes.csv", 2), (finding.Severity, finding.File, finding.Row));
        Assert.Equal("10.8.0.0/16", Assert.Single(Assert.Single(Objects(answer, "VmNetwork")).GetProperty("routes").EnumerateArray()).GetProperty("prefix").GetString());
    }

    [Theory]
    [InlineData("", "", "192.168.4.11 192.168.4.22")]
    [InlineData("--named-hosts", "hv01 hv02", "")]
    [InlineData("--host 192.168.4.11=host1", "host1", "192.168.4.22")]
    [InlineData("--host 192.168.4.11=host1 --named-hosts", "host1 hv02", "")]
    public async Task Machine_ThatNobodyReplaces_StaysAProviderEndpoint(string arguments, string hosts, string endpoints)
    {
        JsonElement answer = await ImportAsync(
            0, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ("addresses.csv", Addresses), ("proutes.csv", $"{ProviderRoutes}0.0.0.0/0,192.168.4.1,12,5,HV01\n0.0.0.0/0,192.168.4.1,14,5,HV02\n"));
        Assert.Equal(hosts, Names("Host"));
        Assert.Equal(endpoints, Names("ProviderEndpoint"));
        Assert.All(Objects(answer, "Host"), static h => Assert.Single(h.GetProperty("providerRoutes").EnumerateArray()));
        Assert.Equal(endpoints.Length > 0, Findings(answer).Any(static f => f.What.Contains("is a matter of the Hyper-V host, which keeps it", StringComparison.Ordinal)));

        string Names(string kind) => string.Join(' ', Objects(answer, kind).Select(static o => o.GetProperty("name").GetString()));
    }

    /// <summary>Exports that do not say of which machine a row is: the number of an interface is then no name, where a machine that stays has it, too.</summary>
    [Theory]
    [InlineData("--host 192.168.4.11=host1", "host1, a machine that stays have an interface 12")]
    [InlineData("--host 192.168.4.11=host1 --host 192.168.4.22=host2", "host1, host2 have an interface 12")]
    public async Task ProviderRoute_OfAnInterfaceThatTwoMachinesHave_IsLeftOut(string arguments, string what)
    {
        JsonElement answer = await ImportAsync(
            1, arguments.Split(' '),
            ("addresses.csv", "ProviderAddress,PrefixLength,InterfaceIndex,VlanID\n192.168.4.11,24,12,0\n192.168.4.22,24,12,0\n"),
            ("proutes.csv", "DestinationPrefix,NextHop,InterfaceIndex,Metric\n0.0.0.0/0,192.168.4.1,12,5\n"));
        Assert.EndsWith(what, Assert.Single(Findings(answer), static f => f.Severity != "note").What, StringComparison.Ordinal);
        Assert.All(Objects(answer, "Host"), static h => Assert.False(h.TryGetProperty("providerRoutes", out JsonElement routes) && routes.GetArrayLength() > 0));
    }

    [Theory]
    [InlineData("--host 192.168.4.99=host9", "--host 192.168.4.99=host9", "no row has this provider address")]
    [InlineData("--network {11111111-2222-3333-4444-000000009999}=t/n", "--network {11111111-2222-3333-4444-000000009999}=t/n", "no customer route has this routing domain")]
    [InlineData("--named-hosts", "--named-hosts", "no provider address has a PSComputerName")]
    public async Task Option_AboutWhatTheExportDoesNotHave_IsAnError(string arguments, string option, string what)
    {
        JsonElement answer = await ImportAsync(
            2, arguments.Split(' '), ("routes.csv", Routes), ("addresses.csv", "ProviderAddress,PrefixLength,InterfaceIndex,VlanID\n192.168.4.11,24,12,0\n"));
        Assert.Equal(("error", option, (int?)null, (string?)null, what), Assert.Single(Findings(answer), static f => f.Severity == "error"));
    }

    /// <summary>A machine is replaced as a whole: what names one of its addresses names all.</summary>
    [Fact]
    public async Task Machine_WithTwoAddresses_IsNamedByOne()
    {
        JsonElement answer = await ImportAsync(0, ["--host", "192.168.4.12=host1"], ("addresses.csv", Addresses + "192.168.4.12,24,13,0,hv01\n"));
        JsonElement host = Assert.Single(Objects(answer, "Host"));
        Assert.Equal("host1", host.GetProperty("name").GetString());
        Assert.Equal(2, host.GetProperty("providerAddresses").GetArrayLength());
    }

    private async Task<JsonElement> ImportAsync(int exitCode, string[] arguments, params (string Name, string Text)[] files)
    {
        foreach ((string name, string text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(_directory, name), text, TestContext.Current.CancellationToken);
        }

        CliRun run = await CliRun.RunAsync(["import", "netwnv", .. files.Select(f => Path.Combine(_directory, f.Name)), "-o", "json", .. arguments]);
        Assert.True(run.ExitCode == exitCode, run.Error + run.Output);
        return JsonElement.Parse(run.Output.Replace(_directory + "/", string.Empty, StringComparison.Ordinal));
    }

    private static IEnumerable<JsonElement> Objects(JsonElement answer, string kind) =>
        answer.GetProperty("resources").EnumerateArray().Where(r => r.GetProperty("kind").GetString() == kind);

    private static (string Severity, string File, int? Row, string? Field, string What)[] Findings(JsonElement answer) =>
    [
        .. answer.GetProperty("findings").EnumerateArray().Select(static f => (
            f.GetProperty("severity").GetString()!, f.GetProperty("file").GetString()!, f.TryGetProperty("row", out JsonElement row) && row.ValueKind == JsonValueKind.Number ? row.GetInt32() : (int?)null,
            f.TryGetProperty("field", out JsonElement field) ? field.GetString() : null, f.GetProperty("what").GetString()!)),
    ];
}
