using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hnv.Agent.Sync;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>Controllers that say what a test tells them to. Every connection is announced, and the test then speaks for the controller.</summary>
internal sealed class FakeControllers : IControllerConnector
{
    private readonly Channel<FakeSession> _opened = Channel.CreateUnbounded<FakeSession>();

    /// <summary>Addresses nobody listens on.</summary>
    public HashSet<string> Down { get; } = [];

    /// <summary>Every address that was tried, in order.</summary>
    public List<string> Tried { get; } = [];

    public IControllerSession Open(string controller)
    {
        Tried.Add(controller);
        return new FakeSession(controller, Down.Contains(controller), _opened.Writer);
    }

    /// <summary>The next connection whose stream is opened.</summary>
    public async Task<FakeSession> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _opened.Reader.ReadAsync(limit.Token);
    }
}

/// <summary>One connection, from the controller's side.</summary>
internal sealed class FakeSession(string address, bool down, ChannelWriter<FakeSession> opened) : IControllerSession
{
    private readonly Channel<object> _says = Channel.CreateUnbounded<object>();

    public string Address => address;

    public int Protocol { get; set; } = PolicyProtocol.Version;

    public HeldNetwork[] Have { get; private set; } = [];

    public Channel<HostReport> Reports { get; } = Channel.CreateUnbounded<HostReport>();

    public Channel<(string Id, object Answer)> Answers { get; } = Channel.CreateUnbounded<(string, object)>();

    /// <summary>What posting a report does; null: it is taken.</summary>
    public Func<Exception?>? RefuseReport { get; set; }

    public bool IsDisposed { get; private set; }

    public void Say(params IEnumerable<PolicyMessage> messages)
    {
        foreach (PolicyMessage message in messages)
        {
            _says.Writer.TryWrite(message);
        }
    }

    public void Break(Exception e) => _says.Writer.TryWrite(e);

    public void End() => _says.Writer.Complete();

    public async IAsyncEnumerable<PolicyMessage> ReadAsync(IReadOnlyList<HeldNetwork> have, [EnumeratorCancellation] CancellationToken ct)
    {
        if (down)
        {
            throw new HnvApiException($"The controller at {address} cannot be reached.");
        }

        Have = [.. have];
        opened.TryWrite(this);
        await foreach (object said in _says.Reader.ReadAllAsync(ct))
        {
            yield return said as PolicyMessage ?? throw (Exception)said;
        }
    }

    public Task ReportAsync(HostReport report, CancellationToken ct)
    {
        if (RefuseReport?.Invoke() is { } e)
        {
            return Task.FromException(e);
        }

        Reports.Writer.TryWrite(report);
        return Task.CompletedTask;
    }

    /// <summary>Reports of learned addresses, and what is answered to each.</summary>
    public Channel<LearnedReport> Learned { get; } = Channel.CreateUnbounded<LearnedReport>();

    public Func<LearnedReport, LearnedAnswer> LearnedAnswers { get; set; } = static _ => new LearnedAnswer([], []);

    public Task<LearnedAnswer> LearnedAsync(LearnedReport report, CancellationToken ct)
    {
        try
        {
            return Task.FromResult(LearnedAnswers(report));
        }
        catch (HnvApiException e)
        {
            return Task.FromException<LearnedAnswer>(e);
        }
        finally
        {
            Learned.Writer.TryWrite(report);
        }
    }

    public Task AnswerAsync(string queryId, object answer, CancellationToken ct)
    {
        Answers.Writer.TryWrite((queryId, answer));
        return Task.CompletedTask;
    }

    public Task AnswerProblemAsync(string queryId, HnvProblem problem, CancellationToken ct) => AnswerAsync(queryId, problem, ct);

    public void Dispose() => IsDisposed = true;
}
