using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Api.Manifests;
using Hnv.Model.Resources;
using Hnv.Model.Tests;

namespace Hnv.Api.Tests.Manifests;

public class ManifestWriterTests
{
    [Fact]
    public void ToYaml_SampleFile_IsTheDocumentedForm()
    {
        ManifestReadResult file = ManifestReader.Read(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "corpus", "sample.yaml")), "sample.yaml");
        Assert.Empty(file.Errors);
        (var resources, var errors) = ManifestBinding.Read([.. file.Documents.Where(d => !d.IsLab)]);
        Assert.Empty(errors);
        Assert.Equal(
            """
            kind: VmNetwork
            name: blue
            tenant: blue-corp
            routingDomainId: "{11111111-2222-3333-4444-000000005001}"
            encapsulation: nvgre
            subnets:
            - vsid: 5001
              name: web
              prefixes: [10.0.0.0/24, "2001:db8:5001::/64"]
              gateways: [10.0.0.254]
            - vsid: 5002
              prefixes: [10.0.1.0/24]
            routes:
            - prefix: 0.0.0.0/0
              nextHop: 10.0.1.250
              metric: 10
            ---
            kind: Host
            name: host1
            providerAddresses: [192.168.4.11]
            ---
            kind: Port
            name: blue1
            tenant: blue-corp
            vmNetwork: blue
            vsid: 5001
            host: host1
            interface: v-blue1
            mac: 06:06:00:00:00:05
            addresses: [10.0.0.5, "2001:db8:5001::5"]

            """,
            ManifestWriter.ToYaml(resources.Take(3)), ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData("on")]
    [InlineData("No")]
    [InlineData("y")]
    [InlineData("null")]
    [InlineData("5001")]
    [InlineData("1e3")]
    [InlineData("10:10:10:10:10:10")]
    [InlineData("2026-01-01")]
    [InlineData("")]
    [InlineData("a: b")]
    [InlineData("- x")]
    [InlineData("a\nb\t\u0001é")]
    public void ToYaml_TextThatReadersMistake_IsQuoted(string text)
    {
        string yaml = ManifestWriter.ToYaml([JsonSerializer.SerializeToElement(new { a = text })]);
        Assert.StartsWith("a: \"", yaml, StringComparison.Ordinal);
        Assert.Equal(text, Assert.Single(ManifestReader.Read(yaml, "f").Documents).Root.GetProperty("a").GetString());
    }

    [Fact]
    public void ToYaml_AnyResources_AreReadBackAsTheSame() => Prop
        .ForAll(ResourceGenerators.Readable.ListOf().ToArbitrary(), any =>
        {
            // Leases are shown by the controller, and not written.
            List<Resource> resources = [.. any.Select(r => r is Port port ? port with { Leases = [] } : r)];
            ManifestReadResult file = ManifestReader.Read(ManifestWriter.ToYaml(resources), "f");
            Assert.Empty(file.Errors);
            Assert.Equal(resources, ManifestBinding.Read(file.Documents).Resources);
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void ToYaml_AnyText_IsReadBackAsTheSame() => Prop
        .ForAll<string?, string?>((name, value) =>
        {
            name ??= "";
            value ??= "";
            if (name.Contains('\0', StringComparison.Ordinal) || name == "<<" || HasLoneSurrogate(name) || HasLoneSurrogate(value))
            {
                return;
            }

            JsonElement document = JsonSerializer.SerializeToElement(new Dictionary<string, object> { [name] = new object[] { value, 1, true }, ["k" + name] = value });
            ManifestReadResult file = ManifestReader.Read(ManifestWriter.ToYaml([document]), "f");
            Assert.Empty(file.Errors);
            Assert.True(JsonElement.DeepEquals(document, Assert.Single(file.Documents).Root));
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static bool HasLoneSurrogate(string text) => text.EnumerateRunes().Any(r => r.Value == 0xfffd);
}
