using System.CommandLine;
using Hnv.Agent;
using Hnv.Api.Client;
using Hnv.Cli.Configuration;
using Hnv.Fuzzing;

namespace Hnv.Cli.Tests.Configuration;

/// <summary>Whatever stands in a configuration file: settings, or all that is wrong, as wrong usage; never another exception.</summary>
public sealed class ConfigurationFuzzTests : IDisposable
{
    private const int GateRounds = 700, SoakRounds = 700_000;

    private static readonly Corpus s_corpus = new("Configuration/corpus");

    private static readonly string[] s_words =
    [
        "host: ", "controllers: ", "uplinks: ", "vxlanPort: ", "listen: ", "store: ", "readers: ", "controller: ", "ca: ", "certificate: ", "key: ", "tenant: ", "http://", "https://", "unix:", "sqlite:",
        "*", "[", "]", "{", "}", "\"\\0\"", "\"\\ud800\"", "'", "\n- ", "\n---\n", "&a ", "*a", "null", "~", "!!str ", "0x10", "-1", "1e9", "/", "..", ":", "é", "|\n", "# ", "%YAML 1.3\n",
    ];

    private static readonly RootCommand s_nothingGiven = new();

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-config-").FullName;

    private string Path => System.IO.Path.Combine(_directory, "hnv.yaml");

    public static TheoryData<string> Files => s_corpus.Theory;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_SettingsOrErrors(string file) => Assert.Equal(!file.StartsWith("refused", StringComparison.Ordinal), Read(s_corpus.Read(file)));

    [Fact]
    public void Read_MutatedCorpus_SettingsOrErrors() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples, s_words), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_SettingsOrErrors() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples, s_words), Read);

    /// <returns>Whether it is right for one of the programs.</returns>
    private bool Read(byte[] content)
    {
        File.WriteAllBytes(Path, content);
        bool isAgents = IsRight(() =>
        {
            AgentOptions options = AgentConfiguration.Options(Path, new AgentConfiguration(null, default, default));
            Assert.True(options.Host.Length > 0 && options.Controllers.Length > 0 && options.Uplinks.Length > 0 && options.VxlanPort > 0);
        });
        bool isControllers = IsRight(() => _ = ControllerConfiguration.Read(Path));
        bool isClients = IsRight(() =>
        {
            ClientSettings settings = ClientSettings.Of(s_nothingGiven.Parse([]), Environment());
            Assert.True(settings.Ca.Value is null || File.Exists(settings.Ca.Value));
        });
        return isAgents || isControllers || isClients;
    }

    private CliEnvironment Environment() => new(
        TextWriter.Null, TextWriter.Null, false, false, TextReader.Null, name => name == "HNV_CONFIG" ? Path : null, static () => null, static o => new HnvClient(o), TimeProvider.System)
    {
        ClientConfiguration = CliRun.NoConfiguration,
    };

    private bool IsRight(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (CliException e)
        {
            Assert.Equal(ExitCodes.Usage, e.ExitCode);
            Assert.All(e.Errors, error => Assert.StartsWith(Path, error.Where, StringComparison.Ordinal));
            return false;
        }
    }
}
