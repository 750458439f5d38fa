using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Sync;

/// <summary>
/// Keeps a policy stream open with one of the controllers and hands on what it says. Whatever comes, or does not come, from there, the
/// worst that happens is that this host stays with the policy it has.
/// </summary>
/// <param name="controllers">Tried in turn.</param>
/// <param name="connector">Makes the sessions.</param>
/// <param name="store">Owned by this object from now on.</param>
/// <param name="onChange">Takes the changes, in order; may hold back the stream by taking its time.</param>
/// <param name="onQuery">Takes questions, with the session that asked; must not take time.</param>
/// <param name="time">Clock and timers.</param>
/// <param name="random">Spreads the retries of many hosts.</param>
/// <param name="log">Where connections and refusals are told.</param>
internal sealed partial class PolicySync(
    ImmutableArray<string> controllers,
    IControllerConnector connector,
    PolicyStore store,
    Func<HeldPolicyChange, CancellationToken, ValueTask> onChange,
    Action<IControllerSession, QueryMessage> onQuery,
    TimeProvider time,
    Random random,
    ILogger<PolicySync> log)
{
    /// <summary>Longest time without any message. Bookmarks come every 5 seconds when idle.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    /// <summary>Longest time between bookmarks once the first came: a stream that talks without ever completing anything is dead, too.</summary>
    public static readonly TimeSpan WithoutBookmark = TimeSpan.FromSeconds(60);

    /// <summary>Longest pause between two rounds through the controllers, before jitter.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Most networks claimed; the rest come as snapshots. A claim is 85 bytes of the request line, of which servers take 8 KiB.
    /// </summary>
    public const int MaxClaims = 80;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(500);

    private int _behind;

    /// <summary>How it stands; may be read by any thread.</summary>
    public SyncState State { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); } = new(null, null, time.GetUtcNow());

    /// <summary>
    /// The session to report to and to answer on; null when none is understood. One whose stream was refused is there until the next try, so that
    /// the controller hears why. May be read by any thread.
    /// </summary>
    public IControllerSession? Session { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    /// <summary>Why the last stream was refused, for the host's report; null from the next bookmark on. May be read by any thread.</summary>
    public string? Refusal { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    /// <summary>Called when <see cref="State"/> or <see cref="Refusal"/> changed.</summary>
    public Action? StateChanged { get; init; }

    /// <summary>Takes what VMs of other hosts were heard to have; must not take time.</summary>
    public Action<LearnedMessage>? Learned { get; init; }

    /// <summary>Runs until cancelled; nothing else ends it.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        int failures = 0;
        for (int turn = 0; !ct.IsCancellationRequested; turn++)
        {
            string controller = controllers[turn % controllers.Length];
            string problem;
            bool completed = false;
            bool refused = false;
            IControllerSession? session = null;
            try
            {
                session = connector.Open(controller);
                await RunSessionAsync(session, controller, () => completed = true, ct);
                problem = $"The controller at {controller} ended the stream.";
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                Close(session);
                return;
            }
            catch (PolicyViolationException e)
            {
                problem = $"The policy of the controller at {controller} was refused, this host keeps what it has: {e.Message}.";
                refused = true;
            }
            catch (HnvApiException e)
            {
                problem = e.Message;
                refused = e.Status == HttpStatusCode.OK;
            }
            catch (Exception e)
            {
                // Whatever a stream makes this code do, the host goes on with what it has; the next connection starts afresh.
                problem = $"The stream from the controller at {controller} failed: {e.Message}";
                LogFailed(log, e, controller);
            }

            failures = completed ? 1 : failures + 1;
            TimeSpan pause = PauseAfter(failures);
            if (refused && Session is not null)
            {
                // Greeted, so requests beside the stream go on, and tell this.
                Refusal = problem;
            }
            else
            {
                Session = null;
            }

            Fail(controller, problem, pause);
            try
            {
                await Task.Delay(pause, time, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                Close(session);
            }
        }
    }

    /// <summary>Half to one and a half of a pause that doubles with every fruitless round through the controllers.</summary>
    internal TimeSpan PauseAfter(int failures)
    {
        int rounds = Math.Min((failures - 1) / controllers.Length, 16);
        double seconds = Math.Min(s_firstPause.TotalSeconds * Math.Pow(2, rounds), MaxPause.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.5 + random.NextDouble()));
    }

    private void Close(IControllerSession? session)
    {
        Session = null;
        session?.Dispose();
    }

    private async Task RunSessionAsync(IControllerSession session, string controller, Action onCompleted, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        ImmutableArray<HeldNetworkPolicy> held = store.BeginConnection();
        HeldNetwork[] have = [.. held.OrderByDescending(n => n.Items.Count).Take(MaxClaims).Select(n => new HeldNetwork(n.Network, n.Revision, n.Digest.ToString()))];
        long lastBookmark = 0;
        try
        {
            await foreach (PolicyMessage message in session.ReadAsync(have, either.Token).WithCancellation(either.Token))
            {
                deadline.CancelAfter(Silence);
                switch (message)
                {
                    case QueryMessage query:
                        onQuery(session, query);
                        break;
                    case HelloMessage hello:
                        store.Apply(hello);
                        CheckBehind(hello);
                        session.Protocol = hello.Protocol;
                        Session = session;
                        Connected(controller, hello);
                        break;
                    case LearnedMessage learned:
                        store.Check(learned);
                        Learned?.Invoke(learned);
                        break;
                    default:
                        foreach (HeldPolicyChange change in store.Apply(message))
                        {
                            await onChange(change, ct);
                        }

                        break;
                }

                if (message is BookmarkMessage)
                {
                    lastBookmark = time.GetTimestamp();
                    onCompleted();
                    if (Refusal is not null)
                    {
                        Refusal = null;
                        StateChanged?.Invoke();
                    }
                }
                else if (lastBookmark != 0 && time.GetElapsedTime(lastBookmark) > WithoutBookmark)
                {
                    throw new PolicyViolationException($"no bookmark came for {WithoutBookmark.TotalSeconds:0} seconds");
                }
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new HnvApiException($"Nothing was heard from the controller at {controller} for {Silence.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>
    /// A controller that has not yet seen what this host already realised is passed over while another might have; when all are
    /// behind, the state log was restored from a backup, and its word counts.
    /// </summary>
    private void CheckBehind(HelloMessage hello)
    {
        if (hello.Revision >= store.HighestRevision)
        {
            _behind = 0;
            return;
        }

        _behind++;
        if (_behind < controllers.Length)
        {
            throw new PolicyViolationException($"it is at revision {hello.Revision}, this host at {store.HighestRevision}; another controller is asked first");
        }

        LogBehind(log, hello.Controller, hello.Revision, store.HighestRevision);
        store.AcceptEarlier(hello.Revision);
        _behind = 0;
    }

    private void Connected(string controller, HelloMessage hello)
    {
        LogConnected(log, controller, hello.Controller, hello.Revision, hello.Protocol);
        State = new SyncState(controller, null, time.GetUtcNow());
        StateChanged?.Invoke();
    }

    private void Fail(string controller, string problem, TimeSpan pause)
    {
        SyncState before = State;
        if (before.IsConnected || before.Problem != problem)
        {
            LogLost(log, controller, problem, pause.TotalSeconds);
        }

        State = new SyncState(null, problem, before.IsConnected ? time.GetUtcNow() : before.Since);
        StateChanged?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to {Address}: controller {Controller} at revision {Revision}, protocol {Protocol}")]
    private static partial void LogConnected(ILogger log, string address, string controller, long revision, int protocol);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No policy stream from {Address}: {Problem} Forwarding goes on with the policy at hand; next try in {Seconds:0.0} s")]
    private static partial void LogLost(ILogger log, string address, string problem, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The stream from {Address} failed")]
    private static partial void LogFailed(ILogger log, Exception e, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Controller {Controller} is at revision {Revision}, this host was at {Known}: "
        + "the state log must have been restored from a backup. Its policy is taken")]
    private static partial void LogBehind(ILogger log, string controller, long revision, long known);
}
