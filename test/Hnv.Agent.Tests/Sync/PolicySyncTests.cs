using System.Collections.Concurrent;
using System.Net;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Model.Resources;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

public sealed class PolicySyncTests : IAsyncLifetime
{
    private readonly FakeControllers _controllers = new();
    private readonly FakeTime _time = new();
    private readonly ConcurrentQueue<HeldPolicyChange> _changes = new();
    private readonly ConcurrentQueue<QueryMessage> _queries = new();
    private readonly CancellationTokenSource _stop = new();
    private PolicySync _sync = null!;
    private Task _run = Task.CompletedTask;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    [Fact]
    public async Task Stream_IsHandedOnInOrder()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(), .. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5)]);
        await Changes(2);

        Assert.Equal(["NetworkChanged", "BookmarkReached"], _changes.Select(c => c.GetType().Name));
        Assert.True(_sync.State.IsConnected);
        Assert.Same(session, _sync.Session);
    }

    [Fact]
    public async Task Reconnect_ClaimsWhatItHas()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        Assert.Empty(session.Have);
        session.Say([Hello(), .. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5)]);
        await Changes(2);
        session.End();

        FakeSession next = await Reconnected();
        Assert.Equal([new HeldNetwork(Blue, 5, DigestOf(Subnet()).ToString())], next.Have);
        Assert.True(session.IsDisposed);
        Assert.Null(_sync.Session);
        Assert.Equal(2, _changes.Count);
    }

    [Fact]
    public async Task DigestMismatch_ReconnectsWithoutTheClaim()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(), .. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5), new DeltaMessage(Blue, 6, [Record("10.0.0.5")], [], new string('0', 32))]);

        FakeSession next = await Reconnected();

        Assert.Empty(next.Have);
        Assert.Contains("refused", _sync.State.Problem, StringComparison.Ordinal);
        Assert.Equal(2, _changes.Count);
    }

    [Fact]
    public async Task ControllerOfTheProtocolBefore_IsUnderstood_AndSpokenToInIt()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(protocol: PolicyProtocol.Version - 1), .. Snapshot(Blue, 5, Subnet(), Record("10.0.0.5")), new BookmarkMessage(5)]);
        await Changes(2);

        Assert.True(_sync.State.IsConnected);
        Assert.Equal(PolicyProtocol.Version - 1, _sync.Session!.Protocol);
    }

    [Theory]
    [InlineData("protocol")]
    [InlineData("no hello")]
    [InlineData("not understood")]
    [InlineData("broken")]
    [InlineData("bug")]
    public async Task WhateverComes_IsRefusedAndNothingIsFlushed(string what)
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(), .. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5)]);
        await Changes(2);
        session.End();

        FakeSession next = await Reconnected();
        switch (what)
        {
            case "protocol":
                next.Say(Hello(protocol: PolicyProtocol.Version + 1));
                break;
            case "no hello":
                next.Say(new BookmarkMessage(7));
                break;
            case "not understood":
                next.Break(new HnvApiException("The controller sent a policy message that is not understood."));
                break;
            case "broken":
                next.Break(new IOException("cut"));
                break;
            default:
                next.Break(new InvalidOperationException("unexpected"));
                break;
        }

        FakeSession third = await Reconnected();
        Assert.Single(third.Have);
        Assert.Equal(2, _changes.Count);
        Assert.NotNull(_sync.State.Problem);
    }

    /// <summary>Somebody must hear of it, and it is not the controller's stream that says so.</summary>
    [Theory]
    [InlineData("item")]
    [InlineData("message")]
    public async Task StreamThatIsRefused_IsReportedToItsController_UntilOneIsTaken(string what)
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say(Hello());
        if (what == "item")
        {
            session.Say(new AttachMessage(Blue, "blue-corp", "blue", (Encapsulation)99));
        }
        else
        {
            session.Break(new HnvApiException("The controller sent a policy message that is not understood.", HttpStatusCode.OK));
        }

        await Until.TrueAsync(() => _sync.Refusal is not null, "the stream is refused");
        Assert.False(_sync.State.IsConnected);
        Assert.Same(session, _sync.Session);
        Assert.False(session.IsDisposed);

        FakeSession next = await Reconnected();
        Assert.True(session.IsDisposed);
        next.Say(Hello());
        await Until.TrueAsync(() => _sync.State.IsConnected, "the next stream is understood");
        Assert.Contains(what == "item" ? "encapsulation" : "not understood", _sync.Refusal, StringComparison.Ordinal);
        next.Say(new BookmarkMessage(5));
        await Until.TrueAsync(() => _sync.Refusal is null, "the next stream is taken");
    }

    [Fact]
    public async Task Silence_EndsTheConnection()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say(Hello());
        await Until.TrueAsync(() => _sync.State.IsConnected, "the stream is understood");

        _time.Advance(PolicySync.Silence - TimeSpan.FromSeconds(1));
        Assert.True(_sync.State.IsConnected);
        _time.Advance(TimeSpan.FromSeconds(1));

        await Until.TrueAsync(() => !_sync.State.IsConnected, "the silent stream is given up");
        Assert.Contains("Nothing was heard", _sync.State.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TalkWithoutBookmarks_EndsTheConnection()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(), .. Snapshot(Blue, 5, Subnet()), new BookmarkMessage(5)]);
        await Changes(2);
        for (int i = 0; i < 5; i++)
        {
            _time.Advance(PolicySync.Silence - TimeSpan.FromSeconds(1));
            session.Say(new QueryMessage($"q{i}", HostQueries.Status));
            await Until.TrueAsync(() => _queries.Count == i + 1 || !_sync.State.IsConnected, "the message is read");
        }

        await Until.TrueAsync(() => !_sync.State.IsConnected, "the stream is given up");
        Assert.Contains("bookmark", _sync.State.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Controllers_AreTriedInTurn()
    {
        _controllers.Down.UnionWith(["http://a", "http://b"]);
        Start("http://a", "http://b", "http://c");
        FakeSession session = await Reconnected();
        Assert.Equal("http://c", session.Address);
        Assert.Equal(["http://a", "http://b", "http://c"], _controllers.Tried);
    }

    [Fact]
    public async Task ControllerThatIsBehind_IsPassedOverWhileAnotherMightNotBe()
    {
        Start("http://a", "http://b");
        FakeSession session = await _controllers.NextAsync();
        session.Say([Hello(9), .. Snapshot(Blue, 9, Subnet()), new BookmarkMessage(9)]);
        await Changes(2);
        session.End();

        FakeSession behind = await Reconnected();
        behind.Say(Hello(3));
        FakeSession alsoBehind = await Reconnected();
        Assert.Contains("revision 3", _sync.State.Problem, StringComparison.Ordinal);
        alsoBehind.Say([Hello(3), new BookmarkMessage(3)]);

        await Changes(4);
        Assert.True(_sync.State.IsConnected);
    }

    [Fact]
    public async Task Claims_AreBounded()
    {
        var store = new PolicyStore();
        store.Load(Enumerable.Range(1, 200).Select(i => Policy(new Guid(i, 0, 0, new byte[8]), 5, Subnet((uint)(5000 + i)))));
        Start(store, "http://a");
        Assert.Equal(PolicySync.MaxClaims, (await _controllers.NextAsync()).Have.Length);
    }

    [Fact]
    public void Pause_DoublesPerRoundWithJitterAndALimit()
    {
        _sync = New(new PolicyStore(), ["http://a", "http://b"]);
        for (int failures = 1; failures < 100; failures++)
        {
            double expected = Math.Min(0.5 * Math.Pow(2, (failures - 1) / 2), 10);
            Assert.InRange(_sync.PauseAfter(failures).TotalSeconds, expected * 0.5, expected * 1.5);
        }
    }

    [Fact]
    public async Task Query_GoesToTheAnswererWithItsSession()
    {
        Start();
        FakeSession session = await _controllers.NextAsync();
        session.Say(Hello(), new QueryMessage("q1", HostQueries.Records));
        await Until.TrueAsync(() => !_queries.IsEmpty, "the question arrives");
        Assert.Empty(_changes);
    }

    private void Start(params string[] controllers) => Start(new PolicyStore(), controllers);

    private void Start(PolicyStore store, params string[] controllers)
    {
        _sync = New(store, controllers.Length == 0 ? ["http://a"] : controllers);
        _run = Task.Run(() => _sync.RunAsync(_stop.Token));
    }

    private PolicySync New(PolicyStore store, string[] controllers) => new(
        [.. controllers],
        _controllers,
        store,
        (change, _) =>
        {
            _changes.Enqueue(change);
            return ValueTask.CompletedTask;
        },
        (_, query) => _queries.Enqueue(query),
        _time,
        new Random(1),
        NullLogger<PolicySync>.Instance);

    private Task Changes(int count) => Until.TrueAsync(() => _changes.Count >= count, $"{count} changes arrive");

    /// <summary>The next connection; time goes on until it is there.</summary>
    private async Task<FakeSession> Reconnected()
    {
        Task<FakeSession> next = _controllers.NextAsync();
        await Until.TrueAsync(
            () =>
            {
                _time.EndPauseShorterThan(PolicySync.Silence);
                return next.IsCompleted;
            },
            "it connects again");
        return await next;
    }
}
