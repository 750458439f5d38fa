using System.Text.Json;

namespace Hnv.Cli.Tests;

/// <summary>How commands reach the controller: the option goes before the variable, and that before the file.</summary>
public sealed class ClientSettingsTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("hnv-home-").FullName;

    private string UserFile => Path.Combine(_home, ".config", "hnv", "client.yaml");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task View_NothingSet_ShowsTheDefault()
    {
        CliRun run = await ViewAsync("", []);
        Assert.Equal((0, "http://127.0.0.1:8640 (the default), -, -, -, -"), (run.ExitCode, Settings(run)));
    }

    [Theory]
    [InlineData("", "file", "unix:/file.sock", "file-corp")]
    [InlineData("", "lab", "unix:/file.sock", "file-corp")]
    [InlineData("", "HNV_CONTROLLER", "unix:/variable.sock", "variable-corp")]
    [InlineData("--controller unix:/option.sock --tenant option-corp", "HNV_CONTROLLER", "unix:/option.sock", "option-corp")]
    [InlineData("--tenant ''", "HNV_CONTROLLER", "unix:/variable.sock", null)]
    public async Task View_SetInSeveralPlaces_TheNearestCounts(string options, string said, string address, string? tenant)
    {
        Write(UserFile, "controller: unix:/file.sock\ntenant: file-corp\n");
        (string, string)[] variables = said == "HNV_CONTROLLER" ? [("HNV_CONTROLLER", "unix:/variable.sock"), ("HNV_TENANT", "variable-corp")] : [];
        CliRun run = await ViewAsync(options, variables, said == "lab" ? "unix:/lab.sock" : null);
        Assert.Equal(0, run.ExitCode);
        JsonElement[] settings = [.. JsonElement.Parse(run.Output).EnumerateArray()];
        Assert.Equal(address, settings[0].GetProperty("value").GetString());
        Assert.Equal(tenant, settings[^1].TryGetProperty("value", out JsonElement value) ? value.GetString() : null);
    }

    [Fact]
    public async Task View_PathsInAFile_AreOfItsDirectory_AndOtherFilesDoNotCount()
    {
        Write(Path.Combine(_home, "project", "client.yaml"), "controller: https://c.example:8640\nca: pki/ca.crt\n");
        Write(Path.Combine(_home, "project", "pki", "ca.crt"), "");
        Write(UserFile, "tenant: nobody\n");
        CliRun run = await ViewAsync($"--config {_home}/project/client.yaml", []);
        Assert.Equal($"https://c.example:8640 (from {_home}/project/client.yaml), {_home}/project/pki/ca.crt, -, -, -", Settings(run));
        Assert.Equal(Settings(run), Settings(await ViewAsync("", [("HNV_CONFIG", $"{_home}/project/client.yaml")])));
    }

    [Fact]
    public async Task Get_WrongFile_SaysEveryErrorWithFileAndLine()
    {
        Write(UserFile, "controller: carrier-pigeon\ncertficate: admin.crt\nkey: nowhere.key\n");
        CliRun run = await CliRun.RunAsync("get ports", Variables([]));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{UserFile}:1: controller: 'carrier-pigeon' is not the address of a controller", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{UserFile}:2: certficate: is not a setting", run.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'certificate'?", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{UserFile}:3: key: there is no file '{Path.GetDirectoryName(UserFile)}/nowhere.key'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_NobodyAnswers_SaysThatTheFileNamedTheAddress()
    {
        Write(UserFile, "controller: unix:/nonexistent/file.sock\n");
        CliRun run = await CliRun.RunAsync("get ports", Variables([]));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"from {UserFile}", run.Error, StringComparison.Ordinal);
    }

    private static string Settings(CliRun run)
    {
        JsonElement[] settings = [.. JsonElement.Parse(run.Output).EnumerateArray()];
        return string.Join(", ", settings.Select((s, i) => (s.TryGetProperty("value", out JsonElement v) ? v.GetString() : "-") + (i == 0 ? $" ({s.GetProperty("from").GetString()})" : "")));
    }

    private Task<CliRun> ViewAsync(string options, (string, string)[] variables, string? lab = null) => CliRun.RunAsync(
        [.. $"config view -o json {options}".Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static w => w == "''" ? string.Empty : w)], Variables(variables), lab: lab);

    private Dictionary<string, string> Variables((string Name, string Value)[] more) => more.Append(("HOME", _home)).ToDictionary(static v => v.Item1, static v => v.Item2, StringComparer.Ordinal);

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
