using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class NameRulesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("blue-corp.web_1")]
    [InlineData("192.168.4.99")]
    public void IsValid_Name_True(string name) => Assert.True(NameRules.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData("Blue")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("..")]
    [InlineData("blü")]
    public void IsValid_OtherText_False(string name) => Assert.False(NameRules.IsValid(name));

    [Fact]
    public void IsValid_SixtyThreeCharacters_IsTheLongest()
    {
        Assert.True(NameRules.IsValid(new string('a', 63)));
        Assert.False(NameRules.IsValid(new string('a', 64)));
    }

    [Fact]
    public void Validate_BadName_IsFound() => Finds(new Tenant { Name = "Blue" }, "/name", "'Blue' is not a name", NameRules.Remedy);

    [Fact]
    public void Validate_BadTenant_IsFoundAndNotMade()
    {
        ValidationOutcome outcome = ModelValidator.Validate(Cloud, ChangeSet.Put(new VmNetwork { Name = "n", Tenant = "A b" }));
        Assert.Equal([new Finding("VmNetwork A b/n", "/tenant", "'A b' is not a name", NameRules.Remedy, 0)], outcome.Findings);
        Assert.Null(outcome.Next.FindTenant("A b"));
    }

    [Theory]
    [InlineData("v-blue1")]
    [InlineData("vnet0")]
    [InlineData("eth0.5")]
    [InlineData("exactly15chars_")]
    public void InterfaceProblem_InterfaceName_None(string name) => Assert.Null(NameRules.InterfaceProblem(name));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("..", "'..' is no name for a port's interface")]
    [InlineData("lo", "'lo' is no name for a port's interface")]
    [InlineData("sixteen-chars-ab", "'sixteen-chars-ab' is longer than the 15 characters of an interface name")]
    [InlineData("a/b", "'a/b' has a character that interface names cannot have (white space, '/', ':', '%' or not ASCII)")]
    [InlineData("tap%d", "'tap%d' has a character that interface names cannot have (white space, '/', ':', '%' or not ASCII)")]
    [InlineData("a b", "'a b' has a character that interface names cannot have (white space, '/', ':', '%' or not ASCII)")]
    public void InterfaceProblem_OtherText_SaysWhy(string name, string problem) => Assert.Equal(problem, NameRules.InterfaceProblem(name));
}
