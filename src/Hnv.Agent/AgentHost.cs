using System.Collections.Immutable;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime;
using Hnv.Agent.Answers;
using Hnv.Agent.Cache;
using Hnv.Agent.Counters;
using Hnv.Agent.Learning;
using Hnv.Agent.Local;
using Hnv.Agent.Network;
using Hnv.Agent.Reports;
using Hnv.Agent.Sync;
using Hnv.Api.Answers;
using Hnv.Api.Reports;
using Hnv.Datapath;
using Hnv.Datapath.Kernel;
using Hnv.Linux;
using Hnv.Linux.Netlink;
using Hnv.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent;

/// <summary>
/// <c>hnv agent</c>: puts the parts together and runs them.
/// <code>
///   controller ─stream─► PolicySync ─┬─► AgentLoop ─► AgentCore ─► IDataplane (kernel)
///                                    └─► CacheWriter ─► disk
///   kernel ─netlink─► LinkMonitor ─────► AgentLoop
///   AgentCore.State ─► ReportSender ─► controller
///   questions (stream, local socket) ─► QueryAnswerer ─► IDataplane.Read…
/// </code>
/// However it ends, the kernel goes on forwarding.
/// </summary>
public static partial class AgentHost
{
    /// <summary>Runs the agent until cancelled; or purges and returns.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="logs">Where to tell what happens; null for standard error.</param>
    /// <param name="ct">Ends the agent in order: what it learned is on disk afterwards.</param>
    /// <exception cref="AgentException">It cannot start, or cannot purge.</exception>
    public static async Task RunAsync(AgentOptions options, ILoggerFactory? logs, CancellationToken ct)
    {
        AgentPrivileges.Require(Capabilities.Has);
        using ILoggerFactory? own = logs is null ? CreateLogging() : null;
        using StateDirectory directory = StateDirectory.Open(options.StateDirectory);
        using IDataplane dataplane = OpenDataplane(directory);
        if (options.Purge)
        {
            Purge(directory, dataplane, options.KeepIdentity, (logs ?? own!).CreateLogger(typeof(AgentHost)));
            return;
        }

        await RunAsync(options, directory, dataplane, TimeProvider.System, (logs ?? own!), ct);
    }

    /// <summary>As <see cref="RunAsync(AgentOptions, ILoggerFactory?, CancellationToken)"/>, logging to standard error.</summary>
    public static Task RunAsync(AgentOptions options, CancellationToken ct) => RunAsync(options, null, ct);

    private static async Task RunAsync(
        AgentOptions options, StateDirectory directory, IDataplane dataplane, TimeProvider time, ILoggerFactory logs, CancellationToken ct)
    {
        ILogger log = logs.CreateLogger(typeof(AgentHost));
        string version = typeof(AgentHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        LogStart(log, version, options.Host, string.Join(", ", options.Uplinks));
        foreach (FeatureFinding missing in dataplane.Features.Findings.Where(f => f.State != FeatureState.Supported))
        {
            LogWithout(log, dataplane.Features.Release, missing.Facts.Name, missing.State.ToString().ToLowerInvariant(), missing.Facts.Without, missing.Reason);
        }

        // The monitor subscribes before the first listing, so that nothing is missed between.
        using var monitor = new LinkMonitor();
        using var rtnetlink = new Rtnetlink();
        using var answerRtnetlink = new Rtnetlink();
        var view = new RtnetlinkView(rtnetlink);
        var counters = new CounterBook(dataplane, new CounterFileStore(directory.Root, logs.CreateLogger<CounterFileStore>()), logs.CreateLogger<CounterBook>());
        counters.Load();
        var core = new AgentCore(options.Uplinks, dataplane, view, counters, time, logs, options.VxlanPort);

        var cache = new PolicyCache(directory.Root, logs.CreateLogger<PolicyCache>());
        var store = new PolicyStore();
        ImmutableArray<HeldPolicyChange> cached = LoadCache(cache, store, out ImmutableArray<string> cacheProblems);
        var writer = new CacheWriter(cache, time, logs.CreateLogger<CacheWriter>());
        foreach (HeldPolicyChange change in cached)
        {
            core.OnUpdate(change);
        }

        var identity = new AgentIdentity(directory.Root);
        var renewal = new IdentityRenewal(
            identity, options.Controllers, IdentityRenewal.Over(identity, options.Host), time, logs.CreateLogger<IdentityRenewal>());
        PolicySync sync = null!;
        LearningLoop learning = null!;
        var learned = new LearningCore(dataplane, time, () => BootClock.Now, logs.CreateLogger<LearningCore>()) { Reportable = () => learning.OnReportable() };
        foreach (HeldPolicyChange change in cached)
        {
            learned.OnUpdate(change);
        }

        ReportSender reports = null!;
        GCSettings.LatencyMode = GCLatencyMode.Batch; // Collecting beside the work needs more memory; a pause here holds up no frame.
        var loop = new AgentLoop(core, dataplane, time, logs.CreateLogger<AgentLoop>()) {
            StateChanged = () =>
            {
                learned.OnPorts(core.State.Ports);
                reports.OnUpdate();
            },
        };
        ImmutableArray<string> Problems() =>
            [
                .. core.State.Problems, .. Optional(learned.Problem), .. Optional(learned.PeerAtLimit), .. learned.Unreachable, .. cacheProblems,
                .. Optional(writer.Problem), .. Optional(loop.Problem), .. Optional(counters.Problem), .. Optional(renewal.Problem),
            ];
        ImmutableArray<string> Reported() => [.. Problems(), .. Optional(sync.Refusal)];
        var kernel = new KernelReader(dataplane, new RtnetlinkView(answerRtnetlink), () => core.State, counters);
        HostStatus Status() => new(
            options.Host, version, dataplane.Features.Release, core.State.RealisedRevision, sync.State.IsConnected, options.Uplinks, [],
            [.. Problems(), .. Optional(sync.State.Problem)]);
        var answers = new QueryAnswerer(kernel, Status, counters, logs.CreateLogger<QueryAnswerer>());
        sync = new PolicySync(
            options.Controllers,
            new ControllerConnector(options.Host, identity),
            store,
            async (change, cancel) =>
            {
                writer.OnUpdate(change);
                learned.OnUpdate(change);
                await loop.PostAsync(change, cancel);
            },
            answers.Post,
            time,
            Random.Shared,
            logs.CreateLogger<PolicySync>())
        {
            StateChanged = () =>
            {
                learned.OnConnected();
                learning.OnReportable();
                reports.OnUpdate();
            },
            Learned = learned.OnLearned,
        };
        learning = new LearningLoop(learned, dataplane, () => sync.Session, time, logs.CreateLogger<LearningLoop>()) { AdapterMoved = loop.Wake };
        reports = new ReportSender(
            () => new ReportContent(
                core.State.RealisedRevision,
                [.. core.State.Ports.Select(p => new PortReport(p.Name, p.State, p.Reason, p.InterfaceIndex))],
                Reported()) { Left = counters.Left, ProviderAddresses = core.State.ProviderAddresses },
            () => sync.Session,
            version,
            time,
            logs.CreateLogger<ReportSender>())
        {
            Taken = report => counters.OnTold(report.Left),
        };

        await using LocalEndpoint? endpoint = await StartEndpointAsync(
            directory, answers, new MetricsText(kernel, options.Uplinks, () => core.State, () => sync.State), () => loop.IsAlive, logs, log, ct);

        using var all = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task[] parts =
        [
            Task.Run(() => loop.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => WatchNetworkAsync(monitor, loop, all.Token), CancellationToken.None),
            Task.Run(() => sync.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => writer.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => reports.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => learning.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => renewal.RunAsync(all.Token), CancellationToken.None),
            Task.Run(() => NotifyAsync(loop, sync, core, time, log, all.Token), CancellationToken.None),
        ];

        // None ends by itself: one that does has a bug. Then all end, and the service manager starts the agent anew.
        Task first = await Task.WhenAny(parts);
        await all.CancelAsync();
        await Task.WhenAll(parts);
        await first;
        LogEnd(log);
    }

    private static async Task WatchNetworkAsync(LinkMonitor monitor, AgentLoop loop, CancellationToken ct)
    {
        try
        {
            await foreach (NetworkEvent e in monitor.ReadAllAsync(ct))
            {
                await loop.PostAsync(e, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <summary>Tells systemd that the agent runs, and goes on telling as long as the loop turns.</summary>
    private static async Task NotifyAsync(AgentLoop loop, PolicySync sync, AgentCore core, TimeProvider time, ILogger log, CancellationToken ct)
    {
        var notifier = new ServiceNotifier();
        TimeSpan pause = notifier.WatchdogPeriod / 2 ?? TimeSpan.FromSeconds(10);
        try
        {
            Notify(log, notifier.Ready);
            while (!ct.IsCancellationRequested)
            {
                Notify(log, () => notifier.Status(
                    $"revision {core.State.RealisedRevision}, {core.State.Ports.Length} ports, {(sync.State.IsConnected ? "connected" : "no controller")}, {core.State.Problems.Length} problems"));
                if (loop.IsAlive)
                {
                    Notify(log, notifier.Watchdog);
                }

                await Task.Delay(pause, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Notify(log, notifier.Stopping);
        }
    }

    private static void Notify(ILogger log, Action notification)
    {
        try
        {
            notification();
        }
        catch (SocketException e)
        {
            LogNotNotified(log, e.Message);
        }
    }

    private static IDataplane OpenDataplane(StateDirectory directory)
    {
        try
        {
            return Dataplane.Open(new DataplaneOptions { Directory = directory.BpfDirectory });
        }
        catch (DataplaneException e)
        {
            throw new AgentException(e.Message, e);
        }
    }

    private static ImmutableArray<HeldPolicyChange> LoadCache(PolicyCache cache, PolicyStore store, out ImmutableArray<string> problems)
    {
        try
        {
            return store.Load(cache.Load(out problems));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems = [$"The cached policy cannot be read: {e.Message}"];
            return [];
        }
    }

    private static async Task<LocalEndpoint?> StartEndpointAsync(
        StateDirectory directory, QueryAnswerer answers, MetricsText metrics, Func<bool> isAlive, ILoggerFactory logs, ILogger log, CancellationToken ct)
    {
        try
        {
            return await LocalEndpoint.StartAsync(directory.Root, answers, metrics, isAlive, logs, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Forwarding matters more than a local door.
            LogNoEndpoint(log, e.Message);
            return null;
        }
    }

    private static void Purge(StateDirectory directory, IDataplane dataplane, bool keepIdentity, ILogger log)
    {
        try
        {
            dataplane.Purge();
            dataplane.Dispose();
            LeaveNetwork();
            directory.DeleteContents(keepIdentity);
            LogPurged(log, directory.Root);
        }
        catch (Exception e) when (e is DataplaneException or LinuxException or IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"Not everything could be removed: {e.Message}", e);
        }
    }

    /// <summary>Leaves the multicast groups that agents joined in this network namespace, and removes their routes.</summary>
    private static void LeaveNetwork()
    {
        using var rtnetlink = new Rtnetlink();
        var view = new RtnetlinkView(rtnetlink);
        foreach (AddressInfo group in rtnetlink.GetAddresses().Where(ProviderGroups.IsOurs))
        {
            view.LeaveGroup(group.InterfaceIndex, group.Address);
        }

        ProviderRoutes.RemoveAll(view);
    }

    private static IEnumerable<string> Optional(string? problem) => problem is null ? [] : [problem];

    private static ILoggerFactory CreateLogging() => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(LogLevel.Information)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        })
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {Version} of host {Host}, uplinks {Uplinks}")]
    private static partial void LogStart(ILogger log, string version, string host, string uplinks);

    [LoggerMessage(Level = LogLevel.Information, Message = "Kernel {Release}: {Feature} {State}; without it {Consequence} ({Reason})")]
    private static partial void LogWithout(ILogger log, string release, string feature, string state, string consequence, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The agent ends; the kernel goes on forwarding")]
    private static partial void LogEnd(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No local endpoint: {Problem}")]
    private static partial void LogNoEndpoint(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The service manager could not be told: {Problem}")]
    private static partial void LogNotNotified(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Everything that the agent with the state directory {Directory} owned was removed")]
    private static partial void LogPurged(ILogger log, string directory);
}
