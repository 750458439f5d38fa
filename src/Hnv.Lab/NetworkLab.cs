using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Lab.Machine;
using Hnv.Lab.Topology;
using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Model.Resources;

namespace Hnv.Lab;

/// <summary>
/// A lab: hosts and VMs as network namespaces on this machine, with a real controller and a real agent per host. Whatever state a
/// crash, a reboot or a curious user left it in, <see cref="UpAsync"/> mends it and <see cref="DownAsync"/> removes it.
/// </summary>
/// <remarks>
/// <code>
/// await using NetworkLab lab = await NetworkLab.StartAsync(new LabBuilder().Host("h1").Host("h2").…Build());
/// Assert.True(await lab.Vm("blue1").CanPingAsync(lab.Vm("blue2").Address4));
/// await lab.Host("h1").Agent.KillAsync();
/// </code>
/// </remarks>
public sealed class NetworkLab : IAsyncDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly LabPaths _paths;
    private readonly LabWiring _wiring;
    private readonly Lazy<HnvClient> _client;
    private LabTopology? _topology;
    private bool _downOnDispose;

    private NetworkLab(LabOptions options)
    {
        Options = options;
        _paths = new LabPaths(options.Directory);
        _wiring = new LabWiring(options.Name);
        _client = new Lazy<HnvClient>(() => new HnvClient(_paths.ControllerAddress));
    }

    public LabOptions Options { get; }

    /// <summary>The controller's process.</summary>
    public LabDaemon Controller => new(_paths, "controller", null, ControllerCommand());

    /// <summary>The controller's API.</summary>
    public HnvClient Client => _client.Value;

    /// <summary>Where the controller listens: <c>unix:PATH</c>.</summary>
    public string ControllerAddress => _paths.ControllerAddress;

    /// <summary>What runs.</summary>
    public LabTopology Topology => _topology ?? throw new LabException("No lab runs. 'hnv lab up' starts one.");

    /// <summary>Whether a lab of this name exists, whole or broken.</summary>
    public bool Exists => File.Exists(_paths.State);

    /// <summary>Name of the namespace of the provider network.</summary>
    public string FabricNamespace => _wiring.Fabric;

    public IEnumerable<LabHost> Hosts => Topology.Hosts.Select(ToHost);

    public IEnumerable<LabVm> Vms => Topology.Vms.Select(v => new LabVm(v, _wiring));

    /// <summary>A lab as it is, running or not.</summary>
    public static NetworkLab Open(LabOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Name.Length is 0 or > 15 || !options.Name.All(char.IsAsciiLetterOrDigit))
        {
            throw new ArgumentException($"'{options.Name}' is no name for a lab: at most 15 letters and digits.", nameof(options));
        }

        var lab = new NetworkLab(options);
        lab._topology = LabState.Read(lab._paths)?.Topology;
        return lab;
    }

    /// <summary>
    /// For tests: a lab of its own beside all others, that is removed when disposed.
    /// </summary>
    /// <param name="options">Null: a name of <see cref="TestLabs"/>.</param>
    public static async Task<NetworkLab> StartAsync(LabTopology topology, LabOptions? options = null, CancellationToken cancellationToken = default)
    {
        NetworkLab lab = Open(options ?? new LabOptions { Name = TestLabs.NewName() });
        lab._downOnDispose = true;
        try
        {
            await lab.UpAsync(topology, null, cancellationToken);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The host of a name.</summary>
    public LabHost Host(string name) => ToHost(Topology.Hosts.FirstOrDefault(h => h.Name == name) ?? throw new LabException($"There is no host '{name}' in the lab."));

    /// <summary>The VM of a name.</summary>
    public LabVm Vm(string name) => new(Topology.Vms.FirstOrDefault(v => v.Name == name) ?? throw new LabException($"There is no VM '{name}' in the lab."), _wiring);

    /// <summary>
    /// Makes the lab as the topology says, from whatever is there: starts, mends, or converges to another file. What is right is left
    /// alone, so that traffic of the rest does not notice.
    /// </summary>
    /// <exception cref="LabException">It does not come up; the message says why and where to look.</exception>
    public async Task UpAsync(LabTopology topology, IProgress<LabStep>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        using FileLock alone = Lock();
        LabState? before = LabState.Read(_paths);
        string[] wanted = [_wiring.Fabric, .. topology.Hosts.Select(h => _wiring.NamespaceOf(h.Name)), .. topology.Vms.Select(v => _wiring.NamespaceOf(v.Name))];
        try
        {
            RefuseForeign(wanted, before);
        }
        catch (LabException) when (before is null)
        {
            File.Delete(_paths.Lock); // All there is of this lab; 'down' would find nothing.
            throw;
        }

        Directory.CreateDirectory(_paths.Root);
        ImmutableArray<LabMovedVm> moved = [.. (before?.Moved ?? []).Where(m => IsStillMoved(topology, m))];
        topology = topology.Moved(moved);
        var state = new LabState(topology.FileName, topology.Text, [.. (before?.Namespaces ?? []).Union(wanted)], IsUp: false) { Moved = moved };
        state.Write(_paths);
        foreach (LabMovedVm vm in moved)
        {
            progress?.Report(new LabStep($"{vm.Vm} stays on {vm.To}, where it was moved; the file has it on {vm.From}", TimeSpan.Zero));
        }

        _topology = topology;
        if (before is not null)
        {
            await StepAsync(progress, null, () => RemoveSurplusAsync(before, wanted, cancellationToken));
        }

        await StepAsync(progress, $"{topology.Hosts.Length} hosts, {topology.Vms.Length} VMs and the fabric as network namespaces", () =>
        {
            _wiring.EnsureFabric();
            foreach (LabHostSpec host in topology.Hosts)
            {
                _wiring.EnsureHost(host);
            }

            foreach (LabVmSpec vm in topology.Vms)
            {
                _wiring.EnsureVm(vm);
            }

            return Task.CompletedTask;
        });
        await StepAsync(progress, $"controller (SQLite) and {topology.Hosts.Length} agents", () => StartProcessesAsync(cancellationToken));
        await StepAsync(progress, "taps and their relays", () => StartRelaysAsync(cancellationToken), skip: topology.Vms.All(v => v.Adapters.All(a => a.Device != LabDevice.Tap)));
        long revision = 0;
        await StepAsync(progress, $"policy of {topology.FileName} applied", async () =>
            revision = (await Client.ApplyAsync(topology.Cloud.Select(d => d.Root), set: "lab", prune: true, cancellationToken: cancellationToken)).Revision);
        await StepAsync(progress, "every host has realised it, every port is bound", () => ConvergeAsync(revision, cancellationToken));
        await StepAsync(progress, "programs of the VMs", () => StartProgramsAsync(cancellationToken), skip: topology.Vms.All(v => v.Programs.IsEmpty));
        await StepAsync(
            progress, "every VM has an address", () => AwaitAddressesAsync(cancellationToken), skip: topology.Vms.All(v => !v.Adapters.Any(a => a.ConfiguresItself)));
        (state with { Namespaces = [.. wanted], IsUp = true }).Write(_paths);
    }

    /// <summary>
    /// Moves a running VM to another host of the lab, as a hypervisor does; the lab remembers where it is, so that <see cref="UpAsync"/> leaves
    /// it there.
    /// </summary>
    /// <exception cref="LabException">There is no such VM or host, it is there already, or the move does not come to its end: then it is cancelled.</exception>
    public async Task<LabMove> MoveAsync(string vmName, string hostName, CancellationToken cancellationToken = default)
    {
        using FileLock alone = Lock();
        LabVmSpec vm = Vm(vmName).Spec;
        _ = Host(hostName);
        if (vm.Host == hostName)
        {
            throw new LabException($"{vmName} is on {hostName} already.");
        }

        LabState before = LabState.Read(_paths) ?? throw new LabException("No lab runs. 'hnv lab up' starts one.");
        string home = before.Moved.FirstOrDefault(m => m.Vm == vmName)?.From ?? vm.Host;
        LabState after = before with
        {
            Moved = [.. before.Moved.Where(m => m.Vm != vmName), .. home == hostName ? [] : new[] { new LabMovedVm(vmName, home, hostName) }],
        };
        after.Write(_paths);
        try
        {
            LabMove move = await new LabMover(Client, _wiring, ControlOf, Options.Patience).MoveAsync(vm, hostName, cancellationToken);
            _topology = Topology.Moved([new LabMovedVm(vmName, home, hostName)]);
            foreach ((LabDaemon relay, LabVmSpec of, _) in Relays())
            {
                if (of.Name == vmName)
                {
                    relay.Adopt();
                }
            }

            return move;
        }
        catch
        {
            before.Write(_paths);
            foreach (LabAdapterSpec adapter in vm.Adapters)
            {
                _ = await Client.CancelPortMoveAsync(new ResourceId(ResourceKind.Port, adapter.Port.Split('/')[0], adapter.Port.Split('/')[1]), CancellationToken.None);
            }

            throw;
        }
    }

    /// <summary>Waits until all hosts have realised a revision and all ports of the lab's VMs are bound.</summary>
    /// <exception cref="LabException">They do not in time; who is missing.</exception>
    public async Task ConvergeAsync(long revision, CancellationToken cancellationToken = default)
    {
        long since = Stopwatch.GetTimestamp();
        ImmutableArray<string> waiting;
        do
        {
            waiting = await FindWaitingAsync(revision, cancellationToken);
            if (waiting.IsEmpty)
            {
                return;
            }

            await Task.Delay(s_poll, cancellationToken);
        }
        while (Stopwatch.GetElapsedTime(since) < Options.Patience);
        throw new LabException($"Not converged after {Options.Patience.TotalSeconds:0} s:\n  {string.Join("\n  ", waiting)}\nLogs: {_paths.Logs}");
    }

    /// <summary>Removes the lab: processes, namespaces, mounts, files. What is not the lab's is not touched.</summary>
    /// <returns>False when there was nothing.</returns>
    public async Task<bool> DownAsync(IProgress<LabStep>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!Directory.Exists(_paths.Root))
        {
            return false;
        }

        using FileLock alone = Lock();
        LabState? state = LabState.Read(_paths);
        await StepAsync(progress, "controller, agents and relays stopped", async () =>
        {
            string[] records = Directory.Exists(_paths.Processes) ? Directory.GetFiles(_paths.Processes, "*.json") : [];
            await Task.WhenAll(records.Select(r => LabDaemon.StopRecordedAsync(r, cancellationToken)));
        });
        await StepAsync(progress, "namespaces, mounts and files removed", () =>
        {
            foreach (string netns in state?.Namespaces ?? [])
            {
                LabWiring.Remove(netns);
            }

            LabMounts.RemoveBelow(_paths.Root);
            Directory.Delete(_paths.Root, recursive: true);
            return Task.CompletedTask;
        });
        File.Delete(_paths.Lock);
        _topology = null;
        return true;
    }

    /// <summary>How it is.</summary>
    public async Task<LabStatus> StatusAsync(CancellationToken cancellationToken = default)
    {
        LabTopology topology = Topology;
        var daemons = new List<(LabDaemon Daemon, string? Namespace)> { (Controller, null) };
        daemons.AddRange(Hosts.Select(h => (h.Agent, (string?)h.Namespace)));
        daemons.AddRange(Relays().Select(r => (r.Daemon, (string?)_wiring.NamespaceOf(r.Vm.Name))));
        daemons.AddRange(topology.Vms.SelectMany(v => v.Programs.Select(p => (Program(v, p), (string?)_wiring.NamespaceOf(v.Name)))));
        ImmutableArray<LabPartStatus> parts =
        [
            .. daemons.Select(d => new LabPartStatus(d.Daemon.Name, d.Namespace, d.Daemon.IsRunning ? "running" : "stopped", d.Daemon.Pid, d.Daemon.LogFile)),
        ];
        Dictionary<string, string> ports = Controller.IsRunning ? await PortStatesAsync(cancellationToken) : [];
        ImmutableArray<LabVmStatus> vms =
        [
            .. topology.Vms.Select(v => new LabVmStatus(
                v.Name, _wiring.NamespaceOf(v.Name), v.Host, v.First.Port, v.First.Vsid, [.. v.Adapters.SelectMany(Vm(v.Name).ReadAddresses)],
                NetworkNamespace.Exists(_wiring.NamespaceOf(v.Name)) ? ports.GetValueOrDefault(v.First.Port, "unknown") : "missing")),
        ];
        bool ok = parts.All(p => p.State == "running") && vms.All(v => v.State == PortStates.Bound);
        return new LabStatus(Options.Name, _paths.Root, topology.FileName, ControllerAddress, Options.ControllerUrl, ok, parts, vms);
    }

    /// <summary>A command line that runs a program in a machine of the lab, host or VM.</summary>
    public IReadOnlyList<string> CommandInside(string machine, IEnumerable<string> command)
    {
        LabTopology topology = Topology;
        string[] known = [.. topology.Vms.Select(v => v.Name), .. topology.Hosts.Select(h => h.Name), LabFileReader.FabricName];
        return known.Contains(machine)
            ? LabMachine.Inside(_wiring.NamespaceOf(machine), command)
            : throw new LabException(
                $"There is no machine '{machine}' in the lab.{(Model.Suggestion.Nearest(machine, known) is { } near ? $" Did you mean '{near}'?" : string.Empty)}"
                + $" There are: {string.Join(", ", known)}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }

        if (_downOnDispose)
        {
            _ = await DownAsync();
        }
    }

    private FileLock Lock() =>
        FileLock.TryAcquire(_paths.Lock) ?? throw new LabException("Another 'hnv lab up' or 'down' is at work on this lab. Wait for it.");

    /// <summary>A file that has the VM somewhere else than before is obeyed.</summary>
    private static bool IsStillMoved(LabTopology topology, LabMovedVm moved) =>
        topology.Hosts.Any(h => h.Name == moved.To) && topology.Vms.Any(v => v.Name == moved.Vm && (v.Host == moved.From || v.Host == moved.To));

    /// <summary>Namespaces of our names that we did not make are not ours to change.</summary>
    private static void RefuseForeign(IEnumerable<string> wanted, LabState? before)
    {
        string[] foreign = [.. wanted.Where(n => NetworkNamespace.Exists(n) && before?.Namespaces.Contains(n) != true)];
        if (foreign.Length > 0)
        {
            throw new LabException(
                $"Network namespaces of these names exist already, and no lab has made them: {string.Join(", ", foreign)}.\n"
                + $"If nobody needs them: {string.Join("; ", foreign.Select(f => $"ip netns del {f}"))}");
        }
    }

    /// <summary>Takes away what the new topology does not hold: processes first, then the machines they served.</summary>
    private async Task RemoveSurplusAsync(LabState before, string[] wanted, CancellationToken cancellationToken)
    {
        // What holds on to an adapter that will be made anew ends with it.
        HashSet<string> stay =
        [
            Controller.Name,
            .. Hosts.Select(h => h.Agent.Name),
            .. Relays().Where(r => _wiring.HasAdapter(r.Vm.Name, r.Adapter)).Select(r => r.Daemon.Name),
            .. Topology.Vms.Where(v => v.Adapters.All(a => _wiring.HasAdapter(v.Name, a))).SelectMany(v => v.Programs.Select(p => Program(v, p).Name)),
        ];
        string[] records = Directory.Exists(_paths.Processes) ? Directory.GetFiles(_paths.Processes, "*.json") : [];
        await Task.WhenAll(records.Where(r => !stay.Contains(Path.GetFileNameWithoutExtension(r))).Select(r => LabDaemon.StopRecordedAsync(r, cancellationToken)));
        foreach (string netns in before.Namespaces.Except(wanted))
        {
            string machine = netns[(Options.Name.Length + 1)..];
            LabWiring.Remove(netns);
            LabMounts.RemoveBelow(_paths.Host(machine));
            foreach (string directory in new[] { _paths.Host(machine), _paths.Vm(machine) }.Where(Directory.Exists))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private async Task StartProcessesAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_paths.ControllerDirectory);
        LabDaemon controller = Controller;
        _ = await controller.EnsureAsync(cancellationToken);
        foreach (LabHost host in Hosts)
        {
            // A namespace that somebody removed and we made again is not the one the old agent lives in.
            if (host.Agent.Pid is { } pid && !LabMounts.IsSameNamespace(pid, host.Namespace))
            {
                await host.Agent.StopAsync(cancellationToken);
                LabMounts.RemoveBelow(host.Directory);
            }

            Directory.CreateDirectory(host.Directory);
            _ = await host.Agent.EnsureAsync(cancellationToken);
        }

        long since = Stopwatch.GetTimestamp();
        while (!await Client.IsReadyAsync(cancellationToken))
        {
            if (!controller.IsRunning || Stopwatch.GetElapsedTime(since) > Options.Patience)
            {
                throw new LabException($"The controller {(controller.IsRunning ? "is not ready" : "ended")}:\n{controller.LastWords()}\nIts log: {controller.LogFile}");
            }

            await Task.Delay(s_poll, cancellationToken);
        }
    }

    private async Task StartRelaysAsync(CancellationToken cancellationToken)
    {
        foreach ((LabDaemon relay, LabVmSpec vm, LabAdapterSpec adapter) in Relays())
        {
            _ = await relay.EnsureAsync(cancellationToken);
            long since = Stopwatch.GetTimestamp();
            using var links = LabMachine.OpenNetlink(_wiring.NamespaceOf(vm.Name));
            while (links.FindLink(adapter.Name) is null)
            {
                if (!relay.IsRunning || Stopwatch.GetElapsedTime(since) > Options.Patience)
                {
                    throw new LabException($"The relay of {vm.Name} does not work:\n{relay.LastWords()}");
                }

                await Task.Delay(s_poll, cancellationToken);
            }

            _wiring.ConfigureAdapter(vm.Name, adapter);
        }
    }

    private IEnumerable<(LabDaemon Daemon, LabVmSpec Vm, LabAdapterSpec Adapter)> Relays() =>
        from vm in Topology.Vms
        from adapter in vm.Adapters
        where adapter.Device == LabDevice.Tap
        select (new LabDaemon(_paths, $"relay-{vm.Name}-{adapter.Name}", null,
        [
            Options.FindExecutable(), "lab", "relay", _wiring.NamespaceOf(vm.Host), adapter.HostInterface, _wiring.NamespaceOf(vm.Name), adapter.Name,
            ControlOf(vm, adapter),
        ]), vm, adapter);

    private string ControlOf(LabVmSpec vm, LabAdapterSpec adapter) => _paths.Control($"relay-{vm.Name}-{adapter.Name}");

    /// <summary>
    /// Starts what runs in the VMs, with the files it wants. What runs with the same command and files is left alone.
    /// </summary>
    private async Task StartProgramsAsync(CancellationToken cancellationToken)
    {
        foreach (LabVmSpec vm in Topology.Vms.Where(static v => !v.Programs.IsEmpty))
        {
            string directory = _paths.Vm(vm.Name), netns = _wiring.NamespaceOf(vm.Name);
            Directory.CreateDirectory(directory);
            bool changed = false;
            foreach (LabFileSpec file in Topology.Files)
            {
                string path = Path.Combine(directory, file.Name);
                if (!File.Exists(path) || await File.ReadAllTextAsync(path, cancellationToken) != file.Text)
                {
                    await File.WriteAllTextAsync(path, file.Text, cancellationToken);
                    changed = true;
                }

                bool isScript = file.Text.StartsWith("#!", StringComparison.Ordinal);
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (isScript ? UnixFileMode.UserExecute : UnixFileMode.None));
            }

            foreach (LabDaemon program in vm.Programs.Select(p => Program(vm, p)))
            {
                if (program.Pid is { } pid && (changed || !LabMounts.IsSameNamespace(pid, netns)))
                {
                    await program.StopAsync(cancellationToken);
                }

                _ = await program.EnsureAsync(cancellationToken);
            }
        }
    }

    private async Task AwaitAddressesAsync(CancellationToken cancellationToken)
    {
        long since = Stopwatch.GetTimestamp();
        bool Waits(LabVm vm) => vm.Spec.Adapters.Any(a => a.ConfiguresItself && a.Families.Except(vm.ReadAddresses(a).Select(x => x.AddressFamily)).Any());
        while (Vms.Where(Waits).Select(v => v.Name).ToArray() is { Length: > 0 } waiting)
        {
            if (Stopwatch.GetElapsedTime(since) > Options.Patience)
            {
                throw new LabException($"No address yet after {Options.Patience.TotalSeconds:0} s in {string.Join(", ", waiting)}. What their programs say: {_paths.Logs}/vm-{waiting[0]}-*.log");
            }

            await Task.Delay(s_poll, cancellationToken);
        }
    }

    private LabDaemon Program(LabVmSpec vm, LabProgramSpec program) => new(
        _paths, $"vm-{vm.Name}-{program.Name}", _wiring.NamespaceOf(vm.Name), ["/bin/sh", "-c", $"cd '{_paths.Vm(vm.Name)}' && exec {program.Command}"]);

    private async Task<ImmutableArray<string>> FindWaitingAsync(long revision, CancellationToken cancellationToken)
    {
        var waiting = ImmutableArray.CreateBuilder<string>();
        foreach (LabHost host in Hosts.Where(h => !h.Agent.IsRunning))
        {
            throw new LabException($"The agent of {host.Name} ended:\n{host.Agent.LastWords()}\nIts log: {host.Agent.LogFile}");
        }

        ConvergenceAnswer answer = await Client.ConvergenceAsync(revision, TimeSpan.Zero, cancellationToken);
        waiting.AddRange(answer.Pending.Select(p =>
            $"{p.Host} has realised revision {p.RealisedRevision} of {p.NeededRevision}{(p.Connected ? string.Empty : ", not connected")}{string.Concat(p.Problems.Select(x => "; " + x))}"));
        Dictionary<string, string> ports = await PortStatesAsync(cancellationToken);
        waiting.AddRange(Topology.Vms.SelectMany(v => v.Adapters).Select(a => (a.Port, State: ports.GetValueOrDefault(a.Port, "unknown")))
            .Where(p => p.State != PortStates.Bound).Select(p => $"port {p.Port} is {p.State}"));
        return waiting.ToImmutable();
    }

    private async Task<Dictionary<string, string>> PortStatesAsync(CancellationToken cancellationToken)
    {
        ResourceList<JsonElement> ports = await Client.ListAsync(ResourceKind.Port, null, cancellationToken);
        return ports.Items.ToDictionary(
            p => $"{p.GetProperty("tenant").GetString()}/{p.GetProperty("name").GetString()}",
            p => p.TryGetProperty("status", out JsonElement status) ? status.GetProperty("state").GetString()! : "unknown",
            StringComparer.Ordinal);
    }

    private LabHost ToHost(LabHostSpec spec) => new(
        spec, _wiring,
        new LabDaemon(_paths, $"agent-{spec.Name}", _wiring.NamespaceOf(spec.Name),
        [
            Options.FindExecutable(), "agent", "--host", spec.Name, "--controller", _paths.ControllerAddress,
            "--uplink", string.Join(',', spec.Uplinks.Select(u => u.Name)), "--state", _paths.Host(spec.Name),
            .. Options.VxlanPort is { } port ? new[] { "--vxlan-port", $"{port}" } : [],
        ]),
        _paths.Host(spec.Name));

    private ImmutableArray<string> ControllerCommand() =>
    [
        Options.FindExecutable(), "controller", "--data", _paths.ControllerDirectory, "--listen", _paths.ControllerAddress,
        .. Options.ControllerUrl is { } url ? new[] { "--listen", url } : [],
    ];

    private static async Task StepAsync(IProgress<LabStep>? progress, string? what, Func<Task> step, bool skip = false)
    {
        if (skip)
        {
            return;
        }

        if (what is not null)
        {
            progress?.Report(new LabStep(what, null));
        }

        long since = Stopwatch.GetTimestamp();
        await step();
        if (what is not null)
        {
            progress?.Report(new LabStep(what, Stopwatch.GetElapsedTime(since)));
        }
    }
}
