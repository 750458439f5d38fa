using System.Diagnostics;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Controller.Identity;
using Hnv.Model.Resources;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>A controller as a process: how it starts, and what survives when it is killed.</summary>
public sealed class ProcessTests
{
    [Theory]
    [InlineData("http://192.0.2.1:8640", "hnv controller init")]
    [InlineData("http://*:8640", "hnv controller init")]
    [InlineData("https://127.0.0.1:0", "hnv controller init")]
    [InlineData("ftp://127.0.0.1", "is not understood")]
    [InlineData("http://some.name:1", "IP address")]
    public async Task Start_WithAnAddressThatIsNotToBe_SaysWhatWouldHelp(string listen, string help)
    {
        ControllerStartException e = await Assert.ThrowsAsync<ControllerStartException>(() => TestController.StartAsync(o => o with { Listen = [listen] }));

        Assert.Contains(help, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAPortInUseOrAStoreInUse_SaysSo()
    {
        using var directory = new TemporaryDirectory();
        string store = $"sqlite:{directory.Path}/state.db";
        await using TestController c = await TestController.StartAsync(o => o with { Store = store });

        ControllerStartException port = await Assert.ThrowsAsync<ControllerStartException>(() => TestController.StartAsync(o => o with { Listen = [c.Address] }));
        ControllerStartException locked = await Assert.ThrowsAsync<ControllerStartException>(() => TestController.StartAsync(o => o with { Store = store }));

        Assert.Contains("in use", port.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("in use", locked.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Initialize_Twice_Refuses()
    {
        using var directory = new TemporaryDirectory();
        ControllerPki.Initialize(directory.Path, ["controller.example", "192.0.2.7"]);

        Assert.Throws<ControllerStartException>(() => ControllerPki.Initialize(directory.Path, []));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{ControllerPki.DirectoryOf(directory.Path)}/ca.key"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bad name!")]
    [InlineData("10.0.0.999")]
    public void Initialize_ForWhatIsNoName_RefusesAndMakesNothing(string name)
    {
        using var directory = new TemporaryDirectory();
        Assert.Contains("neither an address nor a DNS name", Assert.Throws<ControllerStartException>(() => ControllerPki.Initialize(directory.Path, ["controller.example", name])).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    public void Load_WithAKeyOfAnotherCertificate_SaysSo()
    {
        using var directory = new TemporaryDirectory();
        string pki = ControllerPki.Initialize(directory.Path, []);
        File.Copy($"{pki}/admin.key", $"{pki}/server.key", overwrite: true);
        Assert.Contains("cannot be read", Assert.Throws<ControllerStartException>(() => ControllerPki.Load(directory.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whenever_a_controller_is_killed_what_it_acknowledged_is_there_again()
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(3);
        int acknowledged = 0;
        for (int round = 0; round < 20; round++)
        {
            using Process process = Start(directory.Path);
            string address = (await process.StandardOutput.ReadLineAsync(Cancelled))!;
            using var client = new HnvClient(address);
            var hosts = (await client.ListAsync(ResourceKind.Host, cancellationToken: Cancelled)).Items.Select(static h => h.GetProperty("name").GetString()!).ToHashSet();
            Assert.Superset(Enumerable.Range(0, acknowledged).SelectMany(Names).ToHashSet(), hosts);

            // Every third apply is too large for one transaction; the kill falls anywhere into the next ones.
            int last = acknowledged + random.Next(2, 5);
            Task killer = Task.CompletedTask;
            try
            {
                while (true)
                {
                    await client.ApplyAsync(Names(acknowledged).Select(static n => Json($$"""{"kind":"Host","name":"{{n}}"}""")), cancellationToken: Cancelled);
                    acknowledged++;
                    if (acknowledged == last)
                    {
                        killer = Task.Run(
                            async () =>
                            {
                                await Task.Delay(random.Next(0, 30), Cancelled);
                                process.Kill();
                            },
                            Cancelled);
                    }
                }
            }
            catch (HnvApiException e) when (e.IsUnreachable)
            {
                await killer;
                await process.WaitForExitAsync(Cancelled);
            }
        }

        Assert.True(acknowledged >= 10);
    }

    private static IEnumerable<string> Names(int apply) => Enumerable.Range(0, apply % 3 == 2 ? 150 : 1).Select(i => $"h{apply}-{i}");

    private static Process Start(string directory) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "Hnv.Controller.TestHost.dll"), directory])
    {
        RedirectStandardOutput = true,
        UseShellExecute = false,
    })!;
}
