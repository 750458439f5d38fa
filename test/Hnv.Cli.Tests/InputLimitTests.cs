using System.Diagnostics;

namespace Hnv.Cli.Tests;

/// <summary>What users name as a file may have no end, or never begin: it is read up to a limit, and refused.</summary>
public sealed class InputLimitTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-input-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("apply -f /dev/zero", "64 MB")]
    [InlineData("diff -f /dev/zero", "64 MB")]
    [InlineData("delete -f /dev/zero", "64 MB")]
    [InlineData("import netwnv /dev/zero", "256 MB")]
    [InlineData("lab up /dev/zero", "64 MB")]
    [InlineData("get ports --config /dev/zero", "1 MB")]
    [InlineData("agent --check --config /dev/zero", "1 MB")]
    [InlineData("controller --check --config /dev/zero", "1 MB")]
    [InlineData("get ports --ca /dev/zero --controller https://127.0.0.1:1", "1 MB")]
    public async Task File_WithoutEnd_IsReadUpToTheLimitAndRefused(string line, string limit)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Matches($"^error: [^\n]*/dev/zero: [^\n]*more than the {limit} that are read[^\n]*\n  [^\n]+\n$", run.Error);
    }

    [Theory]
    [InlineData(2, "apply", "-f", "")]
    [InlineData(2, "import", "netwnv", "")]
    [InlineData(2, "lab", "up", "")]
    [InlineData(2, "get", "ports", "--ca", "", "--controller", "https://127.0.0.1:1")]
    [InlineData(2, "agent", "--check", "--config", "")]
    [InlineData(1, "controller", "restore", "", "--data", "/nonexistent/data")]
    public async Task EmptyPath_IsNoFile(int exitCode, params string[] arguments)
    {
        CliRun run = await CliRun.RunAsync(arguments);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains("There is no such file.", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A shell gives whatever it can open: a directory, which cannot be read, and what is open for writing alone.</summary>
    [Theory]
    [InlineData("apply -f - </tmp", 2)]
    [InlineData("import netwnv - </tmp", 2)]
    [InlineData("agent join --token - </tmp", 2)]
    [InlineData("controller restore - --data \"$DIR/data\" --config \"$DIR/controller.yaml\" </tmp", 1)]
    [InlineData("apply -f - 0>/dev/null", 2)]
    [InlineData("agent join --token - 0>/dev/null", 2)]
    public async Task StandardInput_ThatCannotBeRead_IsToldInWords(string line, int exitCode)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"\"$HNV\" {line} 2>&1"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["HNV"] = Path.Combine(AppContext.BaseDirectory, "hnv"), ["DIR"] = _directory },
        })!;
        string told = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("error: ", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", told, StringComparison.Ordinal);
        Assert.Equal(exitCode, bash.ExitCode);
    }

    [Theory]
    [InlineData("apply -f FIFO")]
    [InlineData("import netwnv FIFO")]
    [InlineData("lab up FIFO")]
    [InlineData("get ports --config FIFO")]
    [InlineData("get ports --cert FIFO --key FIFO --controller https://127.0.0.1:1")]
    [InlineData("controller restore FIFO --data DIR/data --config DIR/controller.yaml")]
    public async Task NamedPipe_ThatNobodyWrites_IsRefusedAndNotWaitedFor(string line)
    {
        string fifo = Path.Combine(_directory, "fifo");
        using (Process made = Process.Start("mkfifo", fifo))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        CliRun run = await CliRun.RunAsync(line.Replace("FIFO", fifo, StringComparison.Ordinal).Replace("DIR", _directory, StringComparison.Ordinal));
        Assert.Equal(line.StartsWith("controller restore", StringComparison.Ordinal) ? 1 : 2, run.ExitCode);
        Assert.Contains($"{fifo}: is a named pipe", run.Error, StringComparison.Ordinal);
    }

    /// <summary>As shells give the output of a command: <c>hnv apply -f &lt;(make-manifests)</c>.</summary>
    [Theory]
    [InlineData("\"$HNV\" diff -f <(echo 'kind: Nonsense') 2>&1")]
    [InlineData("echo 'kind: Nonsense' | \"$HNV\" diff -f /dev/stdin 2>&1")]
    public async Task PipeOfAShell_IsReadAsAFile(string script)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", script])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["HNV"] = Path.Combine(AppContext.BaseDirectory, "hnv") },
        })!;
        Assert.Contains("Nonsense", await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StandardInput_WithoutEnd_IsReadUpToTheLimitAndRefused()
    {
        CliRun run = await CliRun.RunAsync(["apply", "-f", "-"], input: new string('\n', (64 << 20) + 1));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("(standard input): has more than the 64 MB that are read", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OfALineWithoutEnd_IsReadUpToTheLimitAndRefused()
    {
        CliRun run = await CliRun.RunAsync(["agent", "join", "--token", "-", "--state", _directory], input: new string('x', 1 << 20));
        Assert.Equal(2, run.ExitCode);
        Assert.DoesNotContain("xxx", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfWhatHasNoEnd_IsRefused()
    {
        CliRun run = await CliRun.RunAsync(["controller", "restore", "/dev/zero", "--data", $"{_directory}/data", "--config", $"{_directory}/controller.yaml"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/dev/zero", run.Error, StringComparison.Ordinal);
    }
}
