using System.Globalization;
using System.Text.RegularExpressions;
using Hnv.Datapath.Maps.Tests.Support;

namespace Hnv.Datapath.Maps.Tests.Layouts;

public sealed partial class VerdictTests
{
    [Fact]
    public void Verdicts_AreThoseOfTheHeader_NumberNameDropAndText()
    {
        string[] header = [.. EntryPattern().Matches(Repository.Read("bpf/include/verdicts.h"))
            .Select(match => $"{match.Groups["name"]} {match.Groups["number"]} {match.Groups["drop"].Value == "1"} {match.Groups["text"]}")];
        string[] mirror = [.. Verdicts.All.Select(verdict => string.Create(CultureInfo.InvariantCulture, $"{verdict.Name()} {(uint)verdict} {verdict.IsDrop()} {verdict.Text()}"))];

        Assert.NotEmpty(header);
        Assert.Equal(header, mirror);
        Assert.Equal(Enum.GetValues<Verdict>(), Verdicts.All);
    }

    [Fact]
    public void Verdict_OfANewerBuild_HasANameAndIsNoDrop()
    {
        const Verdict unknown = (Verdict)61;

        Assert.Equal("Verdict61", unknown.Name());
        Assert.False(unknown.IsDrop());
        Assert.Contains("61", unknown.Text(), StringComparison.Ordinal);
    }

    [GeneratedRegex("""X\((?<name>\w+), (?<number>\d+), (?<drop>[01]), "(?<text>[^"]*)"\)""")]
    private static partial Regex EntryPattern();
}
