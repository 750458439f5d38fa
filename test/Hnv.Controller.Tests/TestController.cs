using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Model.Resources;
using Microsoft.Extensions.Logging;

namespace Hnv.Controller.Tests;

/// <summary>A real controller on loopback with its state in memory, and a client of it.</summary>
internal sealed class TestController : IAsyncDisposable
{
    private readonly string _directory;

    private TestController(RunningController running, string directory)
    {
        Running = running;
        _directory = directory;
        Address = running.Addresses[0];
        Client = new HnvClient(Address);
    }

    public RunningController Running { get; }

    public string Address { get; }

    public HnvClient Client { get; }

    public static ControllerOptions Options { get; } = new()
    {
        Listen = ["http://127.0.0.1:0"],
        Store = "memory",
        Name = "test",
        LogLevel = LogLevel.Error,
        SignOfLife = TimeSpan.FromMilliseconds(200),
    };

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<TestController> StartAsync(Func<ControllerOptions, ControllerOptions>? change = null)
    {
        string directory = Directory.CreateTempSubdirectory("hnv-controller-").FullName;
        ControllerOptions options = Options with { DataDirectory = directory };
        try
        {
            return new TestController(await ControllerHost.StartAsync(change?.Invoke(options) ?? options, Cancelled), directory);
        }
        catch (ControllerStartException)
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    public Task<ApplyResponse> ApplyAsync(params string[] documents) => Client.ApplyAsync(documents.Select(Json), cancellationToken: Cancelled);

    public async Task<long> ApplyLabAsync() => (await ApplyAsync(Lab)).Revision;

    public static JsonElement Json(string json) => JsonElement.Parse(json);

    public static string Host(int n) => $$"""{"kind":"Host","name":"host{{n}}","providerAddresses":["192.168.4.{{n}}"]}""";

    public static string Network(string name = "blue", uint vsid = 5001, string prefix = "10.0.0.0/24") =>
        $$"""{"kind":"VmNetwork","name":"{{name}}","tenant":"blue-corp","subnets":[{"vsid":{{vsid}},"prefixes":["{{prefix}}"]}]}""";

    public static string Port(int n, int host, uint vsid = 5001, string network = "blue") =>
        $$"""{"kind":"Port","name":"p{{n}}","tenant":"blue-corp","vmNetwork":"{{network}}","vsid":{{vsid}},"host":"host{{host}}","interface":"v{{n}}","mac":"06:06:00:00:{{n / 256:x2}}:{{n % 256:x2}}","addresses":["10.0.{{n / 250}}.{{n % 250 + 2}}"]}""";

    /// <summary>Two hosts, a network, a port on each.</summary>
    public static string[] Lab => [Host(1), Host(2), Network(), Port(1, 1), Port(2, 2)];

    public static ResourceId PortId(int n) => new(ResourceKind.Port, "blue-corp", $"p{n}");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Running.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Waits for what another process or thread is about to do; fails after 20 seconds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (int i = 0; i < 400; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(50, Cancelled);
        }

        Assert.Fail($"It did not happen: {what}");
    }
}
