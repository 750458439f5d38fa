using System.Threading.Channels;
using Hnv.Agent.Sync;
using Hnv.Datapath;
using Hnv.Linux;
using Hnv.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent;

/// <summary>
/// Feeds the core: one queue for everything that happens, one reader. Updates are taken in as long as there are any (to a limit), then
/// applied together, so that a burst costs one pass and a single change costs no wait.
/// </summary>
internal sealed partial class AgentLoop(AgentCore core, IDataplane dataplane, TimeProvider time, ILogger<AgentLoop> log)
{
    /// <summary>Updates taken in before they are applied.</summary>
    public const int MaxBatch = 1024;

    /// <summary>Time between looks at what was left over or waits for its time.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>The same while a port is prepared here that moves to this host: the controller is to hear soon that it is active.</summary>
    public static readonly TimeSpan ActivationTick = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan s_maintenance = TimeSpan.FromSeconds(10);

    // Full means: the stream waits. A policy message is at most some hundred items.
    private readonly Channel<Input> _inputs = Channel.CreateBounded<Input>(new BoundedChannelOptions(MaxBatch) { SingleReader = true });
    private readonly IntakeCompaction _compaction = IntakeCompaction.OfProcess();
    private long _lastTurn = time.GetTimestamp();
    private long _lastMaintenance = time.GetTimestamp();

    /// <summary>Called after every pass that changed <see cref="AgentCore.State"/>.</summary>
    public Action? StateChanged { get; init; }

    /// <summary>Why the last pass failed as a whole; null when it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether the loop turned lately; for the watchdog.</summary>
    public bool IsAlive => time.GetElapsedTime(Volatile.Read(ref _lastTurn)) < TimeSpan.FromSeconds(30);

    /// <summary>Puts a policy change into the queue; waits while it is full.</summary>
    public ValueTask PostAsync(HeldPolicyChange change, CancellationToken ct) => _inputs.Writer.WriteAsync(new Input(change, null), ct);

    /// <summary>Puts an event of the host's networking into the queue; waits while it is full (the kernel then says "overrun").</summary>
    public ValueTask PostAsync(NetworkEvent e, CancellationToken ct) => _inputs.Writer.WriteAsync(new Input(null, e), ct);

    /// <summary>Lets the core look at the kernel soon. Costs nothing.</summary>
    public void Wake() => _inputs.Writer.TryWrite(default);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var ticks = new PeriodicTimer(Tick, time);
        Task ticker = TickAsync(ticks, ct);
        try
        {
            Turn(ticks);
            while (await _inputs.Reader.WaitToReadAsync(ct))
            {
                Turn(ticks);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The kernel goes on with what it has.
        }

        await ticker;
    }

    private async Task TickAsync(PeriodicTimer ticks, CancellationToken ct)
    {
        try
        {
            while (await ticks.WaitForNextTickAsync(ct))
            {
                Wake();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void Turn(PeriodicTimer ticks)
    {
        AgentState before = core.State;
        string? problemBefore = Problem;
        for (int i = 0; i < MaxBatch && _inputs.Reader.TryRead(out Input input); i++)
        {
            if (input.Policy is { } change)
            {
                _compaction.OnIntake(change is NetworkChanged { Changes.Length: var items } ? items : 0);
                core.OnUpdate(change);
            }
            else if (input.Network is { } e)
            {
                core.OnUpdate(e);
            }
        }

        try
        {
            core.Apply();
            if (time.GetElapsedTime(_lastMaintenance) > s_maintenance)
            {
                dataplane.Maintain();
                _lastMaintenance = time.GetTimestamp();
            }

            Problem = null;
        }
        catch (Exception e) when (e is LinuxException or DataplaneException)
        {
            // The kernel forwards as it did; the next tick tries again.
            Problem = $"The kernel refused: {e.Message}";
            if (problemBefore != Problem)
            {
                LogFailed(log, e);
            }
        }

        Volatile.Write(ref _lastTurn, time.GetTimestamp());
        TimeSpan pause = core.AwaitsActivation ? ActivationTick : Tick;
        if (ticks.Period != pause)
        {
            ticks.Period = pause;
        }

        if (!ReferenceEquals(before, core.State) || problemBefore != Problem)
        {
            StateChanged?.Invoke();
        }

        _compaction.OnPass(waiting: _inputs.Reader.Count > 0);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Bringing the kernel to what is desired failed; it forwards as before, and is tried again")]
    private static partial void LogFailed(ILogger log, Exception e);

    private readonly record struct Input(HeldPolicyChange? Policy, NetworkEvent? Network);
}
