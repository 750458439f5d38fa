namespace Hnv.Model.Tests;

public class SuggestionTests
{
    [Theory]
    [InlineData("interfce", "interface")]
    [InlineData("Interface", "interface")]
    [InlineData("inetrface", "interface")]
    [InlineData("adresses", "addresses")]
    [InlineData("hsot", "host")]
    [InlineData("zzz", null)]
    [InlineData("", null)]
    public void Nearest_AWordAndWhatIsKnown_FindsTheNearOne(string word, string? expected) =>
        Assert.Equal(expected, Suggestion.Nearest(word, ["host", "interface", "addresses", "mac"]));
}
