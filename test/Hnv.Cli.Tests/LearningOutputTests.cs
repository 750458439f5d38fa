using System.Text.RegularExpressions;

namespace Hnv.Cli.Tests;

/// <summary>What the guide on learning applies, as the commands then show it.</summary>
public sealed partial class LearningOutputTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    [Theory]
    [InlineData("get subnets -o wide --tenant green-corp", "learning.subnets.txt")]
    [InlineData("get ports --tenant green-corp", "learning.ports.txt")]
    [InlineData("get ports -o wide --tenant green-corp", "learning.ports.wide.txt")]
    [InlineData("get records --tenant green-corp", "learning.records.txt")]
    [InlineData("describe subnet 7002", "learning.describe.subnet.txt")]
    [InlineData("describe port green-corp/desk1", "learning.describe.port.txt")]
    [InlineData("get port green-corp/desk1 -o yaml", "learning.port.yaml")]
    public async Task Show_LearningCloud_LooksAsItAlwaysDid(string line, string golden)
    {
        string guide = await File.ReadAllTextAsync(Path.Combine(DocumentationTests.Root, "docs/guide/learning.md"), TestContext.Current.CancellationToken);
        CliRun applied = await cloud.RunAsync("apply -f -", DocumentationTests.ManifestsIn(guide));
        Assert.Equal(0, applied.ExitCode);

        CliRun run = await cloud.RunAsync(line);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Check(golden, RoutingDomain().Replace(run.Output, "(routing domain)"));
    }

    /// <summary>Made at random, since the guide names none.</summary>
    [GeneratedRegex(@"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoutingDomain();
}
