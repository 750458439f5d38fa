using System.Text.RegularExpressions;

namespace Hnv.Wire.Tests.Standards;

/// <summary>docs/design/conformance.md says which test proves what: each of them exists, and is one.</summary>
public sealed partial class ConformanceTableTests
{
    private static readonly Dictionary<string, HashSet<string>> s_tests = ReadTests();

    public static TheoryData<string> Rows => [.. Repository.Read("docs/design/conformance.md").Split('\n').Where(static l => l.StartsWith("| ", StringComparison.Ordinal) && !l.Contains("Proved by", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_NamesTestsThatExist(string row)
    {
        string[] cells = row.Trim().Trim('|').Split('|');
        Assert.Equal(3, cells.Length);
        string[] names = [.. Quoted().Matches(cells[2]).Select(static m => m.Groups["name"].Value)];
        Assert.NotEmpty(names);
        Assert.All(names, static name =>
        {
            string[] parts = name.Split('.');
            Assert.True(s_tests.TryGetValue(parts[0], out HashSet<string>? methods), $"no test class is called {parts[0]}");
            Assert.True(parts.Length == 1 || (parts.Length == 2 && methods.Contains(parts[1])), $"{parts[0]} has no test {parts[^1]}");
        });
    }

    /// <summary>A standard's table that nobody reads would agree with everything.</summary>
    [Fact]
    public void Rows_OfBothEncapsulations_AreRead() => Assert.True(Rows.Count > 25, $"{Rows.Count} rows");

    /// <returns>Names of test methods by class; of several classes of a name, those of all.</returns>
    private static Dictionary<string, HashSet<string>> ReadTests()
    {
        Dictionary<string, HashSet<string>> tests = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "test"), "*.cs", SearchOption.AllDirectories).Where(static f => !f.Contains("/obj/", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(file);
            string[] methods = [.. Test().Matches(text).Select(static m => m.Groups["name"].Value)];
            foreach (string name in Class().Matches(text).Select(static m => m.Groups["name"].Value).Where(_ => methods.Length > 0))
            {
                tests.TryAdd(name, new HashSet<string>(StringComparer.Ordinal));
                tests[name].UnionWith(methods);
            }
        }

        return tests;
    }

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^public (abstract |sealed |static |partial )*class (?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Class();

    // Attributes, then the method: nothing but attributes stands between.
    [GeneratedRegex(@"^ +\[(Fact|Theory)\b[^\n]*\n( +\[[^\n]*\n)* +public (async )?(Task|ValueTask|void) (?<name>\w+)\(", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Test();
}
