using System.Text.RegularExpressions;
using Hnv.Datapath;

namespace Hnv.Cli.Tests;

/// <summary>What the documents tell people to type is what the command understands; what they say of verdicts is whole.</summary>
public sealed partial class DocumentationTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    internal static readonly string Root = Repository.Root;

    public static TheoryData<string> Documents() =>
        [.. Directory.EnumerateFiles(Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Root, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_command_of_a_document_is_understood(string document)
    {
        string text = File.ReadAllText(Path.Combine(Root, document));
        var wrong = new List<string>();
        foreach (string line in CommandsIn(text))
        {
            string[] words = [.. Placeholders().Replace(line, "${option} 5001").Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
            System.CommandLine.ParseResult parsed = CliApplication.BuildRoot((_, _, _) => Task.FromResult(0)).Parse(words);
            // A text may speak of a command without what it requires; what it writes must exist.
            wrong.AddRange(UsageErrors.Find(parsed).Where(e => !Incomplete().IsMatch(e.What)).Select(e => $"{line}: {e.What}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Documents_HoldCommands() => Assert.True(Documents().Sum(d => CommandsIn(File.ReadAllText(Path.Combine(Root, d.Data))).Count()) > 20);

    /// <summary>The manifests of a document, one after the other, could be applied to a cloud that has host1 and host2.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Every_manifest_of_a_document_is_accepted(string document)
    {
        string manifests = ManifestsIn(await File.ReadAllTextAsync(Path.Combine(Root, document), TestContext.Current.CancellationToken));
        if (manifests.Length > 0)
        {
            CliRun run = await cloud.RunAsync("apply -f - --dry-run", manifests);
            Assert.True(run.ExitCode == 0, run.Error);
        }
    }

    [Fact]
    public void Documents_HoldManifests() =>
        Assert.True(Documents().Count(d => Manifests().IsMatch(File.ReadAllText(Path.Combine(Root, d.Data)))) >= 3);

    [Fact]
    public void Troubleshooting_HasOneRowForEveryVerdictThatSaysWhatItMeansAndWhatToDo()
    {
        string[][] rows =
        [
            .. File.ReadLines(Path.Combine(Root, "docs/guide/troubleshooting.md")).Where(static l => l.StartsWith("| `", StringComparison.Ordinal))
                .Select(static l => l.Trim('|', ' ').Split(" | ")),
        ];
        string[] verdicts = [.. Enum.GetNames<Verdict>().Where(static v => v != nameof(Verdict.None)).Order(StringComparer.Ordinal)];

        Assert.Equal(verdicts, rows.Select(static r => r[0].Trim('`')).Order(StringComparer.Ordinal));
        Assert.All(rows, static r => Assert.True(r.Length >= 2 && r[1].Length > 10, string.Join(" | ", r)));
        foreach (Verdict drop in Enum.GetValues<Verdict>().Where(static v => v.IsDrop()))
        {
            Assert.True(rows.Single(r => r[0].Trim('`') == drop.ToString()) is [_, _, { Length: > 5 }], $"{drop}: what to do?");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_of_a_document_leads_somewhere(string document)
    {
        string path = Path.Combine(Root, document);
        string[] dead = [.. Links().Matches(File.ReadAllText(path)).Select(m => m.Groups["target"].Value)
            .Where(l => !l.Contains("://", StringComparison.Ordinal) && !l.StartsWith('#'))
            .Where(l => !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, l.Split('#')[0])))];

        Assert.Empty(dead);
    }

    /// <summary>The YAML blocks of a text, as one file.</summary>
    internal static string ManifestsIn(string markdown) => string.Join("---\n", Manifests().Matches(markdown).Select(m => m.Groups["yaml"].Value));

    /// <summary>Command lines: whole lines in code blocks, and spans in the text; without prompt, comment and what a shell would take.</summary>
    private static IEnumerable<string> CommandsIn(string markdown) =>
        from match in Commands().Matches(markdown)
        let line = match.Groups["line"].Value.Split(["  ", " #", " |", " >", " &&", "`", " or: ", ": "], StringSplitOptions.None)[0].TrimEnd('.', ',', ')').Trim()
        where !line.Contains('…', StringComparison.Ordinal) && !line.EndsWith("hnv", StringComparison.Ordinal)
        select line;

    [GeneratedRegex(@"(?:^(?:\$ )?|`)(?<line>(?:\./)?hnv [a-z][^\n]*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Commands();

    [GeneratedRegex(@"^```yaml\n(?<yaml>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Manifests();

    [GeneratedRegex("^(Required|Option '[^']+' is required)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Incomplete();

    /// <summary>Options that take a number, with a letter in the document.</summary>
    [GeneratedRegex(@"(?<option>--vsid) [A-Z]\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholders();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();
}
