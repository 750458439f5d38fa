using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Hnv.Agent.Counters;
using Hnv.Agent.Network;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>
/// A host in a network namespace of its own, with the real data plane and the agent's core over real netlink. up0 is the uplink,
/// 192.168.4.11/24. Everything goes at disposal.
/// </summary>
internal sealed class KernelHost : IDisposable
{
    private readonly List<NetworkNamespace> _vms = [];
    private readonly ConcurrentQueue<NetworkEvent> _events = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("hnvt-").FullName;
    private readonly NetworkNamespace _fabric;
    private Rtnetlink? _view;
    private LinkMonitor? _monitor;
    private CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;

    private readonly string[] _uplinks;

    /// <param name="further">Uplinks beside up0: upN is 192.168.4+N.11/24.</param>
    public KernelHost(params string[] further)
    {
        _uplinks = ["up0", .. further];
        Namespace = NetworkNamespace.Create(Name);
        _fabric = NetworkNamespace.Create(Name + "-fab");
        Route = Rtnetlink.Of(Namespace);
        Route.SetUp(1);
        foreach (string name in _uplinks)
        {
            LinkInfo uplink = Route.CreateVeth(new VethSpec(name, "sw" + name[2..]) { PeerNamespace = _fabric });
            Route.AddAddress(uplink.Index, IPAddress.Parse($"192.168.{4 + int.Parse(name[2..], CultureInfo.InvariantCulture)}.11"), 24);
            Route.SetUp(uplink.Index);
        }

        BpfFileSystem.Mount(BpfDirectory);
        Start();
    }

    public string Name { get; } = $"hnva-{Guid.NewGuid().ToString("N")[..8]}";

    public NetworkNamespace Namespace { get; }

    public Rtnetlink Route { get; }

    /// <summary>Where the other ends of the uplinks are: swN is that of upN.</summary>
    public NetworkNamespace Fabric => _fabric;

    public Dataplane Dataplane { get; private set; } = null!;

    public AgentCore Core { get; private set; } = null!;

    public CounterBook Counters { get; private set; } = null!;

    private string BpfDirectory => Path.Combine(_folder, "bpf");

    /// <summary>The agent's state directory.</summary>
    public string StateDirectory => _folder;

    /// <summary>Ends the agent's part as a kill would: nothing is said to the kernel.</summary>
    public void Kill()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        _stop.Cancel();
        _reading.Wait();
        _monitor?.Dispose();
        _view?.Dispose();
        Dataplane?.Dispose();
        _events.Clear();
    }

    /// <summary>A new agent finds what the old one left.</summary>
    public void Start()
    {
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        Namespace.Run(() =>
        {
            _monitor = new LinkMonitor();
            _view = new Rtnetlink();
            Dataplane = Dataplane.Open(new DataplaneOptions { Directory = BpfDirectory });
            Counters = new CounterBook(Dataplane, new CounterFileStore(_folder, NullLogger<CounterFileStore>.Instance), NullLogger<CounterBook>.Instance);
            Counters.Load();
            Core = new AgentCore(_uplinks, Dataplane, new RtnetlinkView(_view), Counters, TimeProvider.System, NullLoggerFactory.Instance);
        });
        LinkMonitor monitor = _monitor!;
        CancellationToken ct = _stop.Token;
        _reading = Task.Run(
            async () =>
            {
                try
                {
                    await foreach (NetworkEvent e in monitor.ReadAllAsync(ct))
                    {
                        _events.Enqueue(e);
                    }
                }
                catch (OperationCanceledException)
                {
                    // The test ends.
                }
            },
            CancellationToken.None);
    }

    /// <summary>A VM: a namespace whose eth0 is the other end of an interface of that name on the host.</summary>
    public NetworkNamespace AddVm(string name, string address, string mac)
    {
        var vm = NetworkNamespace.Create($"{Name}-{name}");
        _vms.Add(vm);
        Route.CreateVeth(new VethSpec(name, "eth0") { PeerNamespace = vm, PeerMac = PhysicalAddress.Parse(mac.Replace(":", "", StringComparison.Ordinal)) });
        using Rtnetlink inside = Rtnetlink.Of(vm);
        int eth0 = inside.GetLink("eth0").Index;
        inside.AddAddress(eth0, IPAddress.Parse(address), 24);
        inside.SetUp(1);
        inside.SetUp(eth0);
        return vm;
    }

    /// <summary>Policy says so, and a bookmark follows.</summary>
    public void Policy(long revision, params PolicyItem[] items)
    {
        Core.OnUpdate(new NetworkChanged(Items.Policy(HostScope.Id, 1), [new ItemChange(null, Items.Pa("192.168.4.11"))]));
        Core.OnUpdate(new NetworkChanged(Items.Policy(Items.Blue, revision, items), [.. items.Select(i => new ItemChange(null, i))]));
        Core.OnUpdate(new BookmarkReached(revision));
    }

    /// <summary>Takes in what the kernel says and applies, until it is so.</summary>
    public async Task UntilAsync(Func<bool> condition, string what) =>
        await Until.TrueAsync(
            () => Namespace.Run(() =>
            {
                while (_events.TryDequeue(out NetworkEvent? e))
                {
                    Core.OnUpdate(e);
                }

                Core.Apply();
                return condition();
            }),
            what);

    public string State(string port) => Core.State.Ports.Single(p => p.Name == port) is var p ? $"{p.State} {p.InterfaceIndex}".TrimEnd() : "";

    public void Dispose()
    {
        Kill();
        _stop.Dispose();
        Route.Dispose();
        foreach (NetworkNamespace space in (NetworkNamespace[])[.. _vms, _fabric, Namespace])
        {
            NetworkNamespace.Delete(space.Description);
            space.Dispose();
        }

        if (BpfFileSystem.IsMounted(BpfDirectory))
        {
            BpfFileSystem.Unmount(BpfDirectory);
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
