using System.Collections.Immutable;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Learning;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Programs;
using Hnv.Datapath.Reading;
using Hnv.Datapath.Tables;
using Hnv.Linux;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath;

/// <inheritdoc cref="IDataplane"/>
public sealed class Dataplane : IDataplane
{
    private readonly DataplaneOptions _options;
    private readonly FileLock _owner;
    private readonly Rtnetlink _route;
    private readonly PinNames _pins;
    private readonly MapStore _maps;
    private readonly ProgramStore _programs;
    private readonly Attachments _attachments;
    private readonly DeviceBook _devices;
    private readonly Normaliser _normaliser;
    private readonly VxlanReceiver _vxlan;
    private readonly PortManager _ports;
    private readonly UplinkManager _uplinks;
    private readonly RoutingDomainNumbers _domains;
    private readonly GrowableMap<RecordKey, RecordEntry> _records;
    private readonly GrowableMap<RecordKey, LearnedEntry> _learned;
    private readonly GrowableMap<MacKey, LocationEntry> _macs;
    private readonly DeltaTracker<KernelAddress, LocalPaEntry> _localPaTable;
    private readonly DeltaTracker<KernelAddress, PeerEntry> _peerTable;
    private readonly DeltaTracker<SubnetKey, SubnetEntry> _subnetTable;
    private readonly DeltaTracker<MemberKey, MemberEntry> _memberTable;
    private readonly DeltaTracker<MacKey, LocationEntry> _macTable;
    private readonly DeltaTracker<RecordKey, RecordEntry> _recordTable;
    private readonly DeltaTracker<RouteKey, RouteEntry> _routeTable;
    private readonly DeltaTracker<MacKey, MoveEntry> _moveTable;
    private readonly DeltaTracker<uint, LeaseEntry> _leaseTable;
    private readonly DeltaTracker<SubnetKey, Dhcp4Entry> _dhcp4Table;
    private readonly DeltaTracker<SubnetKey, Dhcp6Entry> _dhcp6Table;
    private readonly DeltaTracker<SubnetKey, RouterAdvertisementEntry> _advertisementTable;
    private readonly TableSet _tables;
    private bool _sweep;
    private bool _sweptDevices;

    private Dataplane(DataplaneOptions options, FileLock owner, DataplaneBuild build, KernelFeatures features, DataplaneParts parts)
    {
        _options = options;
        _owner = owner;
        Features = features;
        (_route, _pins, _maps, _programs) = (parts.Route, parts.Pins, parts.Maps, parts.Programs);
        _attachments = new Attachments(_programs, _maps, _pins);
        _devices = new DeviceBook(_maps[MapNames.Devices]);
        _normaliser = new Normaliser(options.Directory, _maps, _attachments, _devices, _route, !features.Lacks(KernelFeature.SegmentRouting));
        _vxlan = new VxlanReceiver(options.Directory, _maps, _attachments, _route);
        _uplinks = new UplinkManager(_attachments, _devices, _route);
        _domains = new RoutingDomainNumbers(_maps[MapNames.Networks]);
        _records = new(MapNames.Records, _maps[MapNames.Records]);
        _macs = new(MapNames.Macs, _maps[MapNames.Macs]);
        _learned = new(MapNames.Learned, _maps[MapNames.Learned]) { WrittenByPrograms = true, IsNewer = (before, after) => after.SeenNs > before.SeenNs };
        _ports = new PortManager(_maps, _learned, _attachments, _devices, _normaliser, _route);
        _localPaTable = new(Table<KernelAddress, LocalPaEntry>(MapNames.LocalPas));
        _peerTable = new(Table<KernelAddress, PeerEntry>(MapNames.Peers));
        _subnetTable = new(Table<SubnetKey, SubnetEntry>(MapNames.Subnets));
        _memberTable = new(Table<MemberKey, MemberEntry>(MapNames.Members));
        _macTable = new(_macs);
        _recordTable = new(_records);
        _routeTable = new(Table<RouteKey, RouteEntry>(MapNames.Routes));
        _moveTable = new(Table<MacKey, MoveEntry>(MapNames.Moves));
        _leaseTable = new(Table<uint, LeaseEntry>(MapNames.Leases));
        _dhcp4Table = new(Table<SubnetKey, Dhcp4Entry>(MapNames.Dhcp4));
        _dhcp6Table = new(Table<SubnetKey, Dhcp6Entry>(MapNames.Dhcp6));
        _advertisementTable = new(Table<SubnetKey, RouterAdvertisementEntry>(MapNames.RouterAdvertisements));

        // A VM is told an address when its record is there.
        _tables = new TableSet(
            _localPaTable, _peerTable, _memberTable, _subnetTable, _moveTable, _macTable, _recordTable, _routeTable,
            _leaseTable, _dhcp4Table, _dhcp6Table, _advertisementTable);
    }

    public KernelFeatures Features { get; }

    public IReadOnlyList<Decapsulation> Decapsulations => Decapsulation.All(Features, _normaliser.Unwraps);

    public IRoutingDomains RoutingDomains => _domains;

    public IDesiredTable<KernelAddress, LocalPaEntry> LocalPas => _localPaTable;

    public IDesiredTable<KernelAddress, PeerEntry> Peers => _peerTable;

    public IDesiredTable<SubnetKey, SubnetEntry> Subnets => _subnetTable;

    public IDesiredTable<MemberKey, MemberEntry> Members => _memberTable;

    public IDesiredTable<MacKey, LocationEntry> Macs => _macTable;

    public IDesiredTable<RecordKey, RecordEntry> Records => _recordTable;

    public IDesiredTable<RouteKey, RouteEntry> Routes => _routeTable;

    public IDesiredTable<MacKey, MoveEntry> Moves => _moveTable;

    public IDesiredTable<uint, LeaseEntry> Leases => _leaseTable;

    public IDesiredTable<SubnetKey, Dhcp4Entry> Dhcp4 => _dhcp4Table;

    public IDesiredTable<SubnetKey, Dhcp6Entry> Dhcp6 => _dhcp6Table;

    public IDesiredTable<SubnetKey, RouterAdvertisementEntry> RouterAdvertisements => _advertisementTable;

    /// <summary>
    /// Opens the data plane of a directory: mounts a BPF file system there if none is, adopts the maps and programs that are pinned or
    /// makes them, and replaces attached programs of another build.
    /// </summary>
    /// <exception cref="DataplaneException">Another process has it open; a pin is foreign or damaged; the kernel refuses the programs.</exception>
    public static Dataplane Open(DataplaneOptions options) => Open(options, new DataplaneBuild());

    internal static Dataplane Open(DataplaneOptions options, DataplaneBuild build)
    {
        ArgumentNullException.ThrowIfNull(options);
        string directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Directory));
        FileLock owner = Own(directory);
        DataplaneParts? parts = null;
        try
        {
            BpfFileSystem.Mount(directory);
            KernelFeatures features = build.Features ?? FeatureProbe.Run();
            features.Require();
            parts = new DataplaneParts(directory, options.Sizes, build);
            parts.Load(build, features);
            var dataplane = new Dataplane(options with { Directory = directory }, owner, build, features, parts);
            dataplane.Adopt();
            return dataplane;
        }
        catch (Exception failure)
        {
            parts?.Dispose();
            owner.Dispose();
            if (failure is LinuxException)
            {
                throw new DataplaneException($"the data plane in {directory} cannot be opened: {failure.Message}", failure);
            }

            throw;
        }
    }

    public void AllowSweep() => _sweep = true;

    public string? SetVxlanPort(ushort port) => _vxlan.Set(port);

    public ApplyResult Apply()
    {
        bool moving = _moveTable.Count > 0 || _moveTable.InKernel > 0;
        if (_moveTable.Count > 0)
        {
            SetMoving(true);
        }

        ApplyResult result = _tables.Apply(_sweep);
        if (moving && _sweep)
        {
            ForgetActivations();
            SetMoving(_moveTable.InKernel > 0);
        }

        if (!_sweep)
        {
            return result;
        }

        int swept = 0;
        if (!_sweptDevices)
        {
            swept = _ports.Sweep() + _uplinks.Sweep();
            _sweptDevices = true;
        }

        if (result.IsComplete)
        {
            _domains.Confirm(ReadPorts().Select(port => port.Value.Rd.ToHost()).Concat(Subnets.Desired.Select(subnet => subnet.Value.Rd.ToHost())).ToHashSet());
        }

        return result with { Removed = result.Removed + swept };
    }

    public void Maintain()
    {
        _normaliser.Repair();
        _vxlan.Repair();
        _learned.Reserve(_learned.Locked(MapUsageReader.Count));
        VirtualMacs.Forget(_maps[MapNames.VirtualMacs], _learned);
    }

    public BoundPort BindPort(PortBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        return _ports.Bind(binding);
    }

    public bool UnbindPort(int interfaceIndex) => _ports.Unbind(interfaceIndex);

    public IReadOnlyList<KeyValuePair<int, PortEntry>> ReadPorts() => _ports.ReadAll();

    public void AttachUplink(int interfaceIndex) => _uplinks.Attach(interfaceIndex);

    public bool DetachUplink(int interfaceIndex) => _uplinks.Detach(interfaceIndex);

    public IReadOnlyList<int> ReadUplinks() => _uplinks.ReadAll();

    public IReadOnlyList<KeyValuePair<SubnetKey, SubnetEntry>> ReadSubnets() => _maps[MapNames.Subnets].ReadAll<SubnetKey, SubnetEntry>();

    public IReadOnlyList<KeyValuePair<RecordKey, RecordEntry>> ReadRecords() => _records.ReadAll();

    public IReadOnlyList<KeyValuePair<RouteKey, RouteEntry>> ReadRoutes() => _maps[MapNames.Routes].ReadAll<RouteKey, RouteEntry>();

    public IReadOnlyList<KeyValuePair<KernelAddress, PeerEntry>> ReadPeers() => _maps[MapNames.Peers].ReadAll<KernelAddress, PeerEntry>();

    public IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> ReadLearned() => _learned.ReadAll();

    public bool TryReadLearned(RecordKey key, out LearnedEntry entry)
    {
        LearnedEntry found = default;
        bool known = _learned.Locked(map => map.TryLookup(in key, out found));
        entry = found;
        return known;
    }

    public void PutLearned(RecordKey key, LearnedEntry entry) => _learned.Put(key, entry);

    public bool RemoveLearned(RecordKey key) => _learned.Locked(map => map.Delete(in key));

    public IReadOnlyList<KeyValuePair<uint, uint>> ReadLearnedCounts() => _maps[MapNames.LearnedCounts].ReadAll<uint, uint>();

    public void PutLearnedCount(uint portId, uint count) => _maps[MapNames.LearnedCounts].Update(in portId, in count);

    public IReadOnlyList<KeyValuePair<KernelAddress, PeerLearnedEntry>> ReadPeerLearned() => _maps[MapNames.PeerLearned].ReadAll<KernelAddress, PeerLearnedEntry>();

    public void PutPeerLearned(KernelAddress pa, PeerLearnedEntry? entry)
    {
        if (entry is { } counted)
        {
            _maps[MapNames.PeerLearned].Update(in pa, in counted);
        }
        else
        {
            _maps[MapNames.PeerLearned].Delete(in pa);
        }
    }

    public ILearnEvents OpenEvents() => new LearnEvents(_maps[MapNames.Events]);

    public void InjectFromPort(int interfaceIndex, ReadOnlySpan<byte> frame) => PortFrames.Inject(_programs[ProgramNames.Inject], interfaceIndex, frame);

    public void SendToPort(int interfaceIndex, ReadOnlySpan<byte> frame) => PortFrames.Send(interfaceIndex, frame);

    public IReadOnlyList<KeyValuePair<MacKey, ActivationEntry>> ReadActivations() => _maps[MapNames.Activations].ReadAll<MacKey, ActivationEntry>();

    public IReadOnlyList<VerdictCounter> ReadCounters() => CounterReader.ReadVerdicts(_maps[MapNames.Counters], _maps[MapNames.UplinkCounters]);

    public IReadOnlyList<PortTraffic> ReadTraffic() => CounterReader.ReadTraffic(_maps[MapNames.Counters], _maps[MapNames.Traffic]);

    public IReadOnlyList<TableUsage> ReadUsage() =>
        [.. _maps.Maps.OrderBy(map => map.Key, StringComparer.Ordinal).Select(map => MapUsageReader.Read(map.Key, map.Value, _tables.CountInKernel(map.Key)))];

    public DecisionEntry ReadDecision(int cpu) =>
        _maps[MapNames.Decision].LookupPerCpu<uint, DecisionEntry>(0)![cpu];

    public void Purge()
    {
        foreach ((int index, DeviceEntry device) in _devices.ReadAll())
        {
            try
            {
                Leave(index, device);
            }
            catch (LinuxException failure) when (Attachments.IsGone(failure))
            {
                _devices.Forget(index); // An interface takes its filters along.
            }
        }

        _normaliser.Remove();
        _vxlan.Remove();
        foreach (string name in _programs.Names)
        {
            File.Delete(_pins.Program(name));
        }

        foreach (string name in _maps.Maps.Keys)
        {
            foreach (int layout in _pins.LayoutsOf(name).ToImmutableArray())
            {
                File.Delete(_pins.Map(name, layout));
            }
        }

        if (Directory.EnumerateFileSystemEntries(_options.Directory).All(path => Path.GetFileName(path) is "maps.debug" or "progs.debug"))
        {
            // Only what the kernel itself puts into every BPF file system is left.
            BpfFileSystem.Unmount(_options.Directory);
            Directory.Delete(_options.Directory);
            File.Delete(LockFile(_options.Directory));
        }
    }

    /// <summary>Lets go of descriptors and the directory; the kernel goes on.</summary>
    public void Dispose()
    {
        _records.Dispose();
        _learned.Dispose();
        _macs.Dispose();
        _programs.Dispose();
        _maps.Dispose();
        _route.Dispose();
        _owner.Dispose();
    }

    /// <summary>A BPF file system holds no ordinary files, so the lock lies beside it.</summary>
    private static string LockFile(string directory) => directory + ".lock";

    private static FileLock Own(string directory)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        return FileLock.TryAcquire(LockFile(directory))
            ?? throw new DataplaneException($"another process has the data plane in {directory} open (it holds {LockFile(directory)}): one agent per directory.");
    }

    private MapTable<TKey, TValue> Table<TKey, TValue>(string name)
        where TKey : unmanaged, IEquatable<TKey>
        where TValue : unmanaged, IEquatable<TValue> => new(name, _maps[name]);

    /// <summary>The programs look whether an adapter moves only while one does.</summary>
    private void SetMoving(bool moving)
    {
        uint index = 0, value = moving ? 1u : 0u;
        if (!_maps[MapNames.Moving].TryLookup(in index, out uint before) || before != value)
        {
            _maps[MapNames.Moving].Update(in index, in value);
        }
    }

    /// <summary>What took effect of moves that are over, or lead somewhere else now.</summary>
    private void ForgetActivations()
    {
        foreach ((MacKey key, ActivationEntry activation) in ReadActivations())
        {
            if (!_moveTable.TryGet(key, out MoveEntry move) || move.To.Pa != activation.Pa)
            {
                _maps[MapNames.Activations].Delete(in key);
            }
        }
    }

    private void Leave(int interfaceIndex, DeviceEntry device)
    {
        if (device.Has(DeviceFlags.Port))
        {
            _route.SetDown(interfaceIndex); // Without a program its frames would reach the host's own stack.
        }

        _attachments.Remove(interfaceIndex, TcDirection.Ingress);
        _attachments.Remove(interfaceIndex, TcDirection.Egress);
        _devices.ReleaseQdisc(interfaceIndex, _route);
        if (device.Has(DeviceFlags.Port) && _route.FindLink(interfaceIndex) is { } link)
        {
            // A version that kept nothing bound it: then as a new interface has them.
            (device.SettingsBefore.AreKnown ? device.SettingsBefore : PortSettings.Of("default")).WriteTo(link.Name);
        }
    }

    private void Adopt()
    {
        ProgramStages.Fill(_maps[MapNames.Stages], _programs.Programs);
        _normaliser.Adopt();
        if (_programs.IsStale)
        {
            _attachments.ReplaceOlder(_route.GetLinks().Select(link => link.Index));
            ProgramStages.Trim(_maps[MapNames.Stages], _programs.Programs);
            _programs.Commit();
        }

        _maps.FinishMigration();
        _tables.Adopt();
    }
}
