using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hnv.Api.Client;
using Hnv.Cli.Commands;
using Hnv.Cli.Output;
using Hnv.Lab;
using Hnv.StateLog.Sqlite;

namespace Hnv.Cli.Tests;

/// <summary>What takes longer than a second is shown on a terminal (of <c>script</c>), and nowhere else.</summary>
public sealed class ProgressTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    private const string Waiting = "Waiting for 2 of 2 hosts to realise revision ";

    [Fact]
    public async Task Apply_WaitOnATerminal_ShowsForWhomAndErasesItAgain()
    {
        (string shown, int exitCode) = await RunAsync("");
        Assert.Equal(1, exitCode);
        Assert.Contains(Waiting, shown, StringComparison.Ordinal);
        Assert.Contains("host1, host2 … ", shown, StringComparison.Ordinal);
        Assert.True(shown.LastIndexOf("\r\e[K", StringComparison.Ordinal) > shown.LastIndexOf(Waiting, StringComparison.Ordinal), shown);
    }

    [Theory]
    [InlineData("2>\"$HNV_ERROR\"", "")]
    [InlineData("", "TERM=dumb ")]
    public async Task Apply_WaitElsewhere_ShowsNothing(string redirection, string variable)
    {
        (string shown, int exitCode) = await RunAsync(redirection, variable);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("Waiting for", shown, StringComparison.Ordinal);
        Assert.Contains("nothing was heard of it", shown, StringComparison.Ordinal);
    }

    /// <summary>All at once: each waits for what does not come before it was seen to wait.</summary>
    [Fact]
    public async Task WhatACommandWaitsFor_OnATerminal_IsShownAndErased()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-progress-").FullName;
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        try
        {
            await SqliteStateLog.Open($"{directory}/a/state.db").DisposeAsync();
            Directory.CreateDirectory($"{directory}/a/pki");
            await File.WriteAllBytesAsync($"{directory}/a/pki/ca.crt", RandomNumberGenerator.GetBytes(1 << 20), TestContext.Current.CancellationToken); // More than a pipe holds.
            await Task.WhenAll(
                ShowsAsync("hnv controller backup - --data a | { cat b.fifo; cat; } >/dev/null", $"Copying {directory}/a/state.db", await HoldAsync("b.fifo")),
                ShowsAsync("hnv controller restore - --data r <r.fifo", $"Restoring {directory}/r/state.db", await HoldAsync("r.fifo")),
                ShowsAsync("hnv import netwnv - <i.fifo", "Reading the export", await HoldAsync("i.fifo")),
                ShowsAsync($"hnv get hosts --controller http://{silent.LocalEndpoint}", $"Waiting for the controller at http://{silent.LocalEndpoint}", silent));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        // Who reads from it waits until this is closed.
        async Task<IDisposable> HoldAsync(string fifo)
        {
            using Process make = Process.Start("mkfifo", $"{directory}/{fifo}");
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new FileStream($"{directory}/{fifo}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }

        async Task ShowsAsync(string command, string what, IDisposable held)
        {
            var shown = new StringBuilder();
            using Process process = OnATerminal(command, directory);
            using (held)
            {
                char[] buffer = new char[4096];
                while (!shown.ToString().Contains(what + " … ", StringComparison.Ordinal))
                {
                    int length = await process.StandardOutput.ReadAsync(buffer, TestContext.Current.CancellationToken);
                    Assert.True(length > 0, $"{command} ended: {shown}");
                    shown.Append(buffer, 0, length);
                }
            }

            string all = shown.Append(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ToString();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(all.LastIndexOf("\r\e[K", StringComparison.Ordinal) > all.LastIndexOf(what, StringComparison.Ordinal), all);
        }
    }

    [Fact]
    public async Task StepOfALab_OnATerminal_IsShownUntilItIsDone()
    {
        var error = new StringWriter();
        var environment = new CliEnvironment(
            TextWriter.Null, TextWriter.Synchronized(error), true, true, TextReader.Null, static name => name == "TERM" ? "xterm" : null, static () => null,
            static options => new HnvClient(options), TimeProvider.System);
        using (var progress = new StepProgress(new ProgressWriter(environment)))
        {
            progress.Report(new LabStep("hosts", null));
            while (!error.ToString().Contains("hosts … 1 s", StringComparison.Ordinal))
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            progress.Report(new LabStep("hosts", TimeSpan.FromSeconds(1.5)));
        }

        Assert.Matches("\r\e\\[K[^\r]*✓[^\r]* hosts [^\r]*1[.]5 s", error.ToString());
    }

    /// <summary>A timer that is disposed of may still be about to tick.</summary>
    [Fact]
    public void TickOfWorkThatEnded_WritesNothing()
    {
        var error = new StringWriter();
        var time = new TimeOfTicks();
        var writer = new ProgressWriter(new CliEnvironment(
            TextWriter.Null, error, true, true, TextReader.Null, static name => name == "TERM" ? "xterm" : null, static () => null, static options => new HnvClient(options), time));
        using (writer.Begin(static () => "first"))
        {
            time.Ticks[0]();
            Assert.Contains("first … ", error.ToString(), StringComparison.Ordinal);
        }

        string shown = error.ToString();
        time.Ticks[0]();
        using (writer.Begin(static () => "second"))
        {
            time.Ticks[0]();
        }

        Assert.Equal(shown, error.ToString());
    }

    /// <summary>Timers tick when the test says so.</summary>
    private sealed class TimeOfTicks : TimeProvider
    {
        public List<Action> Ticks { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Ticks.Add(() => callback(state));
            return base.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private static Process OnATerminal(string command, string directory, params ReadOnlySpan<(string Name, string Value)> variables)
    {
        var info = new ProcessStartInfo("script", ["-q", "-e", "-c", command, "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = directory,
            Environment = { ["TERM"] = "xterm", ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}" },
        };
        foreach ((string name, string value) in variables)
        {
            info.Environment[name] = value;
        }

        return Process.Start(info)!;
    }

    private async Task<(string Shown, int ExitCode)> RunAsync(string redirection, string variable = "")
    {
        string directory = Directory.CreateTempSubdirectory("hnv-progress-").FullName;
        try
        {
            await File.WriteAllTextAsync($"{directory}/cloud.yaml", CloudFixture.Manifest, TestContext.Current.CancellationToken);
            using Process process = OnATerminal(
                $"{variable}hnv apply -f cloud.yaml --wait 5 {redirection}", directory, ("HNV_CONTROLLER", cloud.Address), ("HNV_ERROR", $"{directory}/error"));
            string shown = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            string error = File.Exists($"{directory}/error") ? await File.ReadAllTextAsync($"{directory}/error", TestContext.Current.CancellationToken) : string.Empty;
            return (shown + error, process.ExitCode);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
