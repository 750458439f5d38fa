using Hnv.Api.Manifests;
using Hnv.Model.Resources;

namespace Hnv.Api.Tests.Manifests;

public class ManifestReaderTests
{
    [Fact]
    public void Read_SeveralDocuments_EachWithKindNameAndLine()
    {
        ManifestReadResult result = ManifestReader.Read("# x\nkind: Host\nname: host1\n---\n---\n# empty\n---\nkind: LabVm\nname: blue1\n", "f");
        Assert.Empty(result.Errors);
        Assert.Equal([("Host", "host1", false, 2), ("LabVm", "blue1", true, 8)], result.Documents.Select(d => (d.KindName, d.Name, d.IsLab, d.Source.Locate("").Line)));
        Assert.Equal([ResourceKind.Host, null], result.Documents.Select(d => d.Kind));
    }

    [Theory]
    [InlineData("5001", "5001")]
    [InlineData("+5001", "5001")]
    [InlineData("05001", "5001")]
    [InlineData("0x1389", "5001")]
    [InlineData("0o11611", "5001")]
    [InlineData("-1", "-1")]
    [InlineData("1.5", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("99999999999999999999999", "99999999999999999999999")]
    [InlineData("true", "true")]
    [InlineData("False", "false")]
    [InlineData("null", "null")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("on", "\"on\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("06:06:00:00:00:05", "\"06:06:00:00:00:05\"")]
    [InlineData("12:30:45", "\"12:30:45\"")]
    [InlineData("10.0.0.5", "\"10.0.0.5\"")]
    [InlineData("10.0.0.0/24", "\"10.0.0.0/24\"")]
    [InlineData("2001:db8::5", "\"2001:db8::5\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("0b11", "\"0b11\"")]
    [InlineData("2026-01-01", "\"2026-01-01\"")]
    [InlineData(".inf", "\".inf\"")]
    [InlineData("06e600000005", "\"06e600000005\"")]
    [InlineData("-", "[null]")]
    [InlineData("\"5001\"", "\"5001\"")]
    [InlineData("'true'", "\"true\"")]
    [InlineData("!!str 5001", "\"5001\"")]
    [InlineData("! 5001", "\"5001\"")]
    public void Read_PlainScalar_HasTheTypeOfTheCoreSchema(string yaml, string json)
    {
        ManifestReadResult result = ManifestReader.Read($"a:\n  {yaml}\n", "f");
        Assert.Empty(result.Errors);
        Assert.Equal(json, Assert.Single(result.Documents).Root.GetProperty("a").GetRawText());
    }

    [Theory]
    [InlineData("a: &x 1\n", "f:1:4: has an anchor (&) (write the value out where it is needed)")]
    [InlineData("kind: x\nname: *x\n", "f:2:7: has an alias (*) (write the value out)")]
    [InlineData("a: 1\na: 2\n", "f:2:1: 'a' is there twice (remove one of them)")]
    [InlineData("<<: {a: 1}\n", "f:1:1: has a merge key (<<) (write the fields out)")]
    [InlineData("a: !!binary aGVsbG8=\n", "f:1:4: has the tag 'tag:yaml.org,2002:binary' (remove it; quotes make text of a number)")]
    [InlineData("a: !x {}\n", "f:1:4: has the tag '!x' (remove it)")]
    [InlineData("5001: a\n", "f:1:1: '5001' is not the name of a field (names of fields are text)")]
    [InlineData("true: a\n", "f:1:1: 'true' is not the name of a field (names of fields are text)")]
    [InlineData("? [a, b]\n: c\n", "f:1:3: the name of a field is not plain text (write NAME: VALUE)")]
    [InlineData("[a, b]\n", "f:1:1: is not an object with named fields (begin a document with `kind: …`)")]
    [InlineData("just text\n", "f:1:1: is not an object with named fields (begin a document with `kind: …`)")]
    [InlineData("a: b\0c\n", "f:1: has a NUL character (is it a text file?)")]
    public void Read_WhatAManifestDoesNotNeed_IsRefused(string yaml, string error)
    {
        ManifestReadResult result = ManifestReader.Read(yaml, "f");
        Assert.Equal([error], result.Errors.Select(e => e.ToString()));
        Assert.Empty(result.Documents);
    }

    [Theory]
    [InlineData("kind: Host\n\tname: x\n", "f:1:7:", "(indent with spaces, not with tabs)")]
    [InlineData("kind: Host\nname: \"x\n", "f:2:7:", "(close the quotes)")]
    [InlineData("kind: Host\na: [x, y\n", "f:3:1:", "(close the bracket)")]
    [InlineData("kind: Host\nname:x\nhost: y\n", "f:", "(put a space behind the colon)")]
    [InlineData("kind: Host\nname: a: b\n", "f:2:8:", "(check the indentation, and put quotes around text with ': ', '#', or a special character in front)")]
    public void Read_NotYaml_SaysWhereAndWhatToDo(string yaml, string place, string remedy)
    {
        string error = Assert.Single(ManifestReader.Read(yaml, "f").Errors).ToString();
        Assert.StartsWith(place, error, StringComparison.Ordinal);
        Assert.Contains("is not YAML here: ", error, StringComparison.Ordinal);
        Assert.EndsWith(remedy, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HalfOfASurrogatePair_IsRefused()
    {
        Assert.Equal(
            "f:1:4: is not valid text (half of a surrogate pair) (correct the \\u escapes)", Assert.Single(ManifestReader.Read("a: '\ud800'", "f").Errors).ToString());
        Assert.StartsWith("f:1:4: is not YAML here: ", Assert.Single(ManifestReader.Read("a: \"\\ud800\"", "f").Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ErrorsInSeveralDocuments_AllToldWithTheirLines()
    {
        ManifestReadResult result = ManifestReader.Read("a: [\n---\nb: 1\nb: 2\n---\nkind: Host\n---\nc: d: e\n---\nkind: Port\n", "f");
        Assert.Equal([2, 4, 8], result.Errors.Select(e => e.Line!.Value));
        Assert.Equal([("Host", 6), ("Port", 10)], result.Documents.Select(d => (d.KindName, d.Source.Locate("").Line)));
    }

    [Fact]
    public void Read_NestedDeeply_IsRefusedAtOnce()
    {
        Assert.Empty(ManifestReader.Read("a: " + new string('[', 30) + new string(']', 30), "f").Errors);
        ManifestError error = Assert.Single(ManifestReader.Read("a: " + new string('[', 1_000_000), "f").Errors);
        Assert.Equal("is nested deeper than 32 levels", error.Problem);
    }

    [Fact]
    public void Read_MoreThanTheLimit_IsRefused()
    {
        Assert.Equal("f: is larger than 64 MiB (split it into several files)", Assert.Single(ManifestReader.Read(new byte[ManifestReader.MaxBytes + 1], "f").Errors).ToString());
        Assert.Equal(ManifestReader.MaxErrors, ManifestReader.Read(string.Concat(Enumerable.Repeat("a: 1\n", 5000)), "f").Errors.Length);
    }

    [Fact]
    public void Read_Bytes_AreUtf8WithOrWithoutMark()
    {
        Assert.Equal("blü", Assert.Single(ManifestReader.Read("\ufeffname: blü"u8, "f").Documents).Name);
        Assert.Equal("f:2: is not UTF-8 text (save the file as UTF-8)", Assert.Single(ManifestReader.Read([0x61, 0x3a, 0x0a, 0xff], "f").Errors).ToString());
    }

    [Fact]
    public void Read_Json_IsYaml()
    {
        ManifestReadResult result = ManifestReader.Read("{\n\t\"kind\": \"Host\",\n\t\"name\": \"h\", \"providerAddresses\": [\"192.168.4.11\"]\n}\n", "f");
        Assert.Empty(result.Errors);
        Assert.Equal("""{"kind":"Host","name":"h","providerAddresses":["192.168.4.11"]}""", Assert.Single(result.Documents).Root.GetRawText());
    }

    [Fact]
    public void Locate_AnyPointer_IsTheLineOfTheFieldOrOfWhatWouldHoldIt()
    {
        SourceMap map = Assert.Single(ManifestReader.Read(
            "kind: VmNetwork\nname: n\nsubnets:\n- vsid: 5001\n  prefixes:\n  - 10.0.0.0/24\n  - 10.0.1.0/24\n- {vsid: 5002,\n   prefixes: []}\nroutes: []\n", "f").Documents).Source;
        Assert.Equal(new SourcePosition(1, 1), map.Locate(""));
        Assert.Equal(new SourcePosition(3, 1), map.Locate("/subnets"));
        Assert.Equal(new SourcePosition(4, 3), map.Locate("/subnets/0"));
        Assert.Equal(new SourcePosition(7, 5), map.Locate("/subnets/0/prefixes/1"));
        Assert.Equal(new SourcePosition(9, 4), map.Locate("/subnets/1/prefixes"));
        Assert.Equal(new SourcePosition(10, 1), map.Locate("/routes"));
        Assert.Equal(new SourcePosition(8, 3), map.Locate("/subnets/1/name"));
        Assert.Equal(new SourcePosition(3, 1), map.Locate("/subnets/9"));
        Assert.Equal(new SourcePosition(1, 1), map.Locate("/nothing"));
    }
}
