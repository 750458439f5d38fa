using System.Collections.Concurrent;
using System.Text;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

/// <summary>The real client against a server that sends anything, over a unix socket.</summary>
public sealed class HostileStreamTests : IAsyncLifetime
{
    private const string Hello = """{"type":"hello","protocol":2,"controller":"c","revision":100}""";
    private const string Attach = """{"type":"attach","network":"11111111-2222-3333-4444-000000005001","tenant":"t","name":"n","encapsulation":"nvgre"}""";

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-hostile-").FullName;
    private readonly ConcurrentQueue<HeldPolicyChange> _changes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeTime _time = new();
    private WebApplication _server = null!;
    private volatile byte[] _body = [];
    private int _requests;
    private PolicySync _sync = null!;
    private Task _run = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        string socket = Path.Combine(_directory, "c.sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(socket));
        _server = builder.Build();
        _server.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            byte[] body = _body;
            context.Response.ContentType = PolicyProtocol.ContentType;
            for (int at = 0; at < body.Length; at += 1 << 20)
            {
                await context.Response.Body.WriteAsync(body.AsMemory(at, Math.Min(1 << 20, body.Length - at)), context.RequestAborted);
            }
        });
        await _server.StartAsync();

        var store = new PolicyStore();
        store.Load([Policy(Blue, 5, Subnet(), Record("10.0.0.5"))]);
        _sync = new PolicySync(
            ["unix:" + socket],
            new ControllerConnector("host1", new AgentIdentity(_directory)),
            store,
            (change, _) =>
            {
                _changes.Enqueue(change);
                return ValueTask.CompletedTask;
            },
            (_, _) => { },
            _time,
            new Random(1),
            NullLogger<PolicySync>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        await _server.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    public static TheoryData<string> Garbage() =>
    [
        "",
        "\n\n\n",
        "\0\0\0\n",
        "not json\n",
        "{\n",
        "null\n",
        "[]\n",
        "{}\n",
        "{\"type\":\"hello\"}\n",
        "{\"type\":\"future\"}\n",
        "{\"protocol\":2,\"type\":\"hello\",\"controller\":\"c\",\"revision\":100}\n{\"type\":\"bookmark\"}\n",
        "{\"type\":\"hello\",\"protocol\":9,\"controller\":\"c\",\"revision\":100}\n{\"type\":\"bookmark\",\"revision\":1}\n",
        "{\"type\":\"hello\",\"protocol\":99999999999999999999,\"controller\":\"c\",\"revision\":100}\n",
        "{\"type\":\"hello\",\"protocol\":2,\"controller\":null,\"revision\":100}\n",
        "{\"type\":\"bookmark\",\"revision\":100}\n",
        Hello + "\n" + Hello + "\n",
        Hello + "\n" + Attach + "\n{\"type\":\"items\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"items\":null}\n",
        Hello + "\n" + Attach + "\n{\"type\":\"snapshot\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":6}\n{\"type\":\"items\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"items\":[null]}\n",
        Hello + "\n" + Attach + "\n{\"type\":\"snapshot\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":6}\n{\"type\":\"items\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"items\":[{\"item\":\"future\"}]}\n",
        Hello + "\n" + Attach + "\n{\"type\":\"delta\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":6,\"put\":[],\"delete\":[null],\"digest\":\"\"}\n",
        Hello + "\n" + Attach + "\n{\"type\":\"delta\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":6,\"put\":[],\"delete\":[\"record/5001/10.0.0.5\"],\"digest\":\"0\"}\n",
        Hello + "\n" + Attach + "\n{\"type\":\"delta\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":6,\"put\":[{\"item\":\"route\",\"prefix\":\"10.0.0.1/24\",\"vsid\":5001,\"metric\":0}],\"delete\":[],\"digest\":\"0\"}\n",
        Hello + "\n" + "{\"type\":\"learned\",\"network\":\"99999999-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[null],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":null,\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[],\"delete\":[null]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"0.0.0.0\",\"put\":[],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"put\":[],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[{\"vsid\":1,\"address\":\"10.0.0.5\",\"mac\":\"06:06:00:00:00:05\",\"source\":\"arp\",\"epoch\":1,\"counter\":1}],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[{\"vsid\":5001,\"address\":\"10.0.0.5\",\"mac\":\"07:06:00:00:00:05\",\"source\":\"arp\",\"epoch\":1,\"counter\":1}],\"delete\":[]}\n",
        Hello + "\n" + Attach + "\n" + "{\"type\":\"learned\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"providerAddress\":\"192.168.4.9\",\"put\":[{\"vsid\":5001,\"address\":\"10.0.0.5\",\"mac\":\"06:06:00:00:00:05\",\"source\":\"hearsay\",\"epoch\":1,\"counter\":1}],\"delete\":[]}\n",
        Hello + "\n" + new string('[', 100_000) + "\n",
        Hello + "\n{\"type\":\"attach\",\"network\":\"zz\"}\n",
    ];

    [Theory]
    [MemberData(nameof(Garbage))]
    public Task Garbage_IsRefusedAndNothingIsFlushed(string garbage) => RefusedAsync(Encoding.UTF8.GetBytes(garbage));

    [Fact]
    public async Task AnEndlessLine_IsRefused()
    {
        byte[] body = new byte[40 * 1024 * 1024];
        body.AsSpan().Fill((byte)'x');
        await RefusedAsync(body);
        Assert.Contains("longer than", _sync.State.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RandomBytes_AreRefused()
    {
        var random = new Random(7);
        byte[] valid = Encoding.UTF8.GetBytes(Hello + "\n" + Attach + "\n{\"type\":\"current\",\"network\":\"11111111-2222-3333-4444-000000005001\",\"revision\":5,\"digest\":\"" + DigestOf(Subnet(), Record("10.0.0.5")) + "\"}\n");
        for (int i = 0; i < 25; i++)
        {
            byte[] damaged = [.. valid];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            await RefusedAsync(damaged);
        }
    }

    /// <summary>The client reads it, tries again, and no change came of it.</summary>
    private async Task RefusedAsync(byte[] body)
    {
        _body = body;
        int seen = Volatile.Read(ref _requests);
        if (_run.IsCompleted)
        {
            _run = Task.Run(() => _sync.RunAsync(_stop.Token));
        }

        await Until.TrueAsync(
            () =>
            {
                _time.EndPauseShorterThan(PolicySync.Silence);
                return Volatile.Read(ref _requests) >= seen + 2;
            },
            "the stream is read and another one opened");
        Assert.DoesNotContain(_changes, c => c is not NetworkChanged { Changes.IsEmpty: true });
    }
}
