using System.Collections.Immutable;
using Hnv.Agent.Counters;
using Hnv.Agent.Desired;
using Hnv.Agent.Network;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Ports;

/// <summary>
/// Brings ports of policy and interfaces of the host together.
/// <code>
///                 an interface of that name appears
///   waiting ────────────────────────────────────────► bound ──┐ another index: unbind, bind; other values: bind anew
///      ▲   ◄──────────────────────────────────────────  │ ▲ ◄─┘
///      │          it goes, is renamed or moved away      │ │
///      └──────────── failed (why) ◄──────────────────────┘ │ the reason is gone, or a retry succeeds
///                       └──────────────────────────────────┘
/// </code>
/// </summary>
/// <remarks>
/// Invariants: only interfaces that policy names are touched; an interface carries one port; what was bound and is not any more keeps
/// a dropping program as long as it exists; all unbinding comes before any binding.
/// </remarks>
internal sealed partial class PortBinder(
    IDataplane dataplane, DesiredState desired, HostNetwork network, CounterBook counters, TimeProvider time, ILogger<PortBinder> log)
{
    /// <summary>How long after a refusal by the kernel the next try comes.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<string>> _portsOfInterface = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _portAt = [];
    private readonly HashSet<string> _dirty = new(StringComparer.Ordinal);
    private ImmutableArray<PortState>? _states = [];

    /// <summary>All ports policy puts here, by name.</summary>
    public ImmutableArray<PortState> States => _states ??= [.. _entries.Values.OrderBy(e => e.Port.Name, StringComparer.Ordinal).Select(e => e.ToState())];

    /// <summary>Whether a port has its place here: policy puts it here, or the kernel would not let go of it.</summary>
    public bool Holds(string name) => _entries.ContainsKey(name);

    /// <summary>Which adapters the programs heard where they move to: a prepared port of such a one is active.</summary>
    public void SetActivated(IReadOnlyCollection<MacKey> activated)
    {
        foreach (Entry entry in _entries.Values.Where(static e => e.Port.Prepared))
        {
            bool active = entry.Bound is not null && activated.Contains(new MacKey(entry.Port.Vsid, entry.Port.Mac));
            if (active != entry.IsActive)
            {
                entry.IsActive = active;
                _states = null;
                if (active)
                {
                    LogActivated(log, entry.Port.Name);
                }
            }
        }
    }

    /// <summary>Policy changed these ports.</summary>
    public void OnPortsChanged(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            _dirty.Add(name);
        }
    }

    /// <summary>Something about the interfaces of these names changed: they came, went, or are different.</summary>
    public void OnInterfacesChanged(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (_portsOfInterface.TryGetValue(name, out SortedSet<string>? ports))
            {
                _dirty.UnionWith(ports);
            }
        }
    }

    /// <summary>These interfaces were deleted or moved away; what is bound there is not, even if the index is in use again.</summary>
    public void OnInterfacesDeleted(IEnumerable<int> indexes)
    {
        foreach (int index in indexes)
        {
            if (_portAt.TryGetValue(index, out string? name))
            {
                _entries[name].IsGone = true;
                _dirty.Add(name);
            }
        }
    }

    /// <summary>A qdisc or filter of the interface was removed, maybe ours: what is bound there is made sure of again.</summary>
    /// <returns>False when nothing is bound there.</returns>
    public bool OnFilterLost(int index)
    {
        if (!_portAt.TryGetValue(index, out string? name))
        {
            return false;
        }

        _entries[name].MustCheck = true;
        _dirty.Add(name);
        return true;
    }

    /// <summary>Events were lost: every binding is made sure of again.</summary>
    public void OnOverrun()
    {
        foreach (Entry entry in _entries.Values)
        {
            entry.MustCheck = true;
            _dirty.Add(entry.Port.Name);
        }
    }

    /// <summary>Binds and unbinds what changed, in the kernel.</summary>
    public void Reconcile()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (Entry entry in _entries.Values)
        {
            if (entry.RetryAt <= now)
            {
                _dirty.Add(entry.Port.Name);
            }
        }

        if (_dirty.Count == 0)
        {
            return;
        }

        string[] work = [.. _dirty.Order(StringComparer.Ordinal)]; // They stay dirty until all is done: the kernel may refuse in the middle.
        foreach (string name in work)
        {
            Learn(name);
        }

        foreach (string name in work)
        {
            UnbindIfNeeded(name);
        }

        // Unbinding may have freed an interface that another port waits for.
        foreach (string name in work.Union(_dirty).Order(StringComparer.Ordinal).ToArray())
        {
            if (_entries.TryGetValue(name, out Entry? entry))
            {
                BindIfPossible(entry);
            }
        }

        _dirty.Clear();
        _states = null;
    }

    /// <summary>Takes over what policy says of the port; a port that is gone is unbound and forgotten.</summary>
    private void Learn(string name)
    {
        _entries.TryGetValue(name, out Entry? entry);
        if (desired.FindPort(name) is not (PortItem port, uint rd))
        {
            if (entry is not null && Unbind(entry))
            {
                Index(entry.Port, add: false);
                _entries.Remove(name);
            }

            return;
        }

        if (entry is null)
        {
            _entries.Add(name, new Entry(port, rd) { Encapsulation = desired.EncapsulationOf(name) });
            Index(port, add: true);
        }
        else
        {
            Index(entry.Port, add: false);
            entry.Port = port;
            entry.Rd = rd;
            entry.Encapsulation = desired.EncapsulationOf(name);
            Index(port, add: true);
        }
    }

    private void Index(PortItem port, bool add)
    {
        if (!_portsOfInterface.TryGetValue(port.Interface, out SortedSet<string>? ports))
        {
            _portsOfInterface.Add(port.Interface, ports = new SortedSet<string>(StringComparer.Ordinal));
        }

        if (add)
        {
            ports.Add(port.Name);
            return;
        }

        ports.Remove(port.Name);
        if (ports.Count == 0)
        {
            _portsOfInterface.Remove(port.Interface);
        }
        else
        {
            _dirty.UnionWith(ports);
        }
    }

    private void UnbindIfNeeded(string name)
    {
        if (!_entries.TryGetValue(name, out Entry? entry) || entry.Bound is not { } bound)
        {
            return;
        }

        LinkInfo? link = network.Find(entry.Port.Interface);
        if (entry.MustUnbind || entry.IsGone || link is null || link.Index != bound.InterfaceIndex || network.WhyNotAPort(link) is not null)
        {
            Unbind(entry);
        }
    }

    /// <returns>False when the kernel refused: the port keeps its place, is bound by nobody, and unbinding is tried again later.</returns>
    private bool Unbind(Entry entry)
    {
        if (entry.Bound is not { } bound)
        {
            return true;
        }

        if (entry.MustUnbind && entry.RetryAt > time.GetUtcNow())
        {
            return false;
        }

        desired.PortUnbound(entry.Port.Name);
        PortCounters? counted = counters.Read(entry.Port.Name, entry.Port.Number);
        try
        {
            dataplane.UnbindPort(bound.InterfaceIndex);
        }
        catch (DataplaneException e)
        {
            LogUnbindFailed(log, e, entry.Port.Name, entry.Port.Interface, bound.InterfaceIndex);
            entry.MustUnbind = true;
            entry.Set(PortStates.Failed, e.Message);
            entry.RetryAt = time.GetUtcNow() + RetryAfter;
            return false;
        }

        counters.Keep(entry.Port.Name, entry.Port.Number, counted);
        LogUnbound(log, entry.Port.Name, entry.Port.Interface, bound.InterfaceIndex);
        entry.Bound = null;
        entry.IsGone = false;
        entry.MustUnbind = false;
        _portAt.Remove(bound.InterfaceIndex);
        if (_portsOfInterface.TryGetValue(entry.Port.Interface, out SortedSet<string>? others))
        {
            _dirty.UnionWith(others);
        }

        return true;
    }

    private void BindIfPossible(Entry entry)
    {
        if (entry.MustUnbind)
        {
            return;
        }

        entry.RetryAt = null;
        PortItem port = entry.Port;
        if (network.Find(port.Interface) is not { } link)
        {
            entry.Set(PortStates.Waiting, $"no interface is named {port.Interface} on this host yet");
            return;
        }

        if (network.WhyNotAPort(link) is { } reason)
        {
            entry.Set(PortStates.Failed, reason);
            return;
        }

        if (_portAt.TryGetValue(link.Index, out string? holder) && holder != port.Name)
        {
            entry.Set(PortStates.Failed, $"{port.Interface} is bound to port {holder} already");
            return;
        }

        var target = new Bound(BindingOf(entry, link.Index), link.Kind, link.Peer, link.PeerNamespaceId);
        if (entry.Bound == target && !entry.MustCheck)
        {
            return;
        }

        BoundPort bound;
        try
        {
            bound = dataplane.BindPort(target.Binding);
        }
        catch (DataplaneException e)
        {
            LogBindFailed(log, port.Name, port.Interface, link.Index, e.Message);
            Unbind(entry);
            entry.Set(PortStates.Failed, e.Message);
            entry.RetryAt = time.GetUtcNow() + RetryAfter;
            return;
        }

        if (entry.Bound?.InterfaceIndex != link.Index)
        {
            LogBound(log, port.Name, port.Interface, link.Index, port.Vsid);
        }

        entry.Bound = target;
        entry.MustCheck = false;
        _portAt[link.Index] = port.Name;
        entry.Set(
            PortStates.Bound,
            bound.IsGuarded ? null : $"{port.Interface} has an ingress qdisc of somebody else's, so the host's own frames cannot be kept out of the port");
        desired.PortBound(port.Name, port.Vsid, link.Index);
    }

    private static PortBinding BindingOf(Entry entry, int interfaceIndex)
    {
        PortItem port = entry.Port;
        return new PortBinding(interfaceIndex, port.Number, entry.Rd, port.Vsid, port.Mac)
        {
            Encapsulation = entry.Encapsulation,
            LearnLimit = checked((ushort)port.LearnLimit),
            LearnSources = SourcesOf(port.LearnSources),
            StormLimit = port.StormLimit,
            DhcpGuard = port.DhcpGuard,
            RouterGuard = port.RouterGuard,
            Prepared = port.Prepared,
        };
    }

    private static LearnSources SourcesOf(LearningSources sources) =>
        (sources.HasFlag(LearningSources.Arp) ? LearnSources.Arp : LearnSources.None)
        | (sources.HasFlag(LearningSources.Nd) ? LearnSources.NeighborDiscovery : LearnSources.None)
        | (sources.HasFlag(LearningSources.Slaac) ? LearnSources.Slaac : LearnSources.None)
        | (sources.HasFlag(LearningSources.Dhcp) ? LearnSources.Dhcp : LearnSources.None)
        | (sources.HasFlag(LearningSources.Dhcpv6) ? LearnSources.DhcpV6 : LearnSources.None);

    [LoggerMessage(Level = LogLevel.Information, Message = "Port {Port} is bound: interface {Interface} ({Index}), virtual subnet {Vsid}")]
    private static partial void LogBound(ILogger log, string port, string @interface, int index, uint vsid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Port {Port} is active here: its VM was heard")]
    private static partial void LogActivated(ILogger log, string port);

    [LoggerMessage(Level = LogLevel.Information, Message = "Port {Port} is unbound from interface {Interface} ({Index})")]
    private static partial void LogUnbound(ILogger log, string port, string @interface, int index);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {Port} could not be unbound yet from interface {Interface} ({Index})")]
    private static partial void LogUnbindFailed(ILogger log, Exception e, string port, string @interface, int index);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Port {Port} could not be bound at interface {Interface} ({Index}): {Problem}")]
    private static partial void LogBindFailed(ILogger log, string port, string @interface, int index, string problem);

    /// <summary>What stands in the kernel, and what the device looked like then: the other end's place decides how frames get there.</summary>
    private sealed record Bound(PortBinding Binding, string Kind, int? Peer, int? PeerNamespaceId)
    {
        public int InterfaceIndex => Binding.InterfaceIndex;
    }

    private sealed class Entry(PortItem port, uint rd)
    {
        private string _state = PortStates.Waiting;
        private string? _reason;

        public PortItem Port { get; set; } = port;

        public uint Rd { get; set; } = rd;

        public Datapath.Layouts.Encapsulation Encapsulation { get; set; }

        public Bound? Bound { get; set; }

        public DateTimeOffset? RetryAt { get; set; }

        /// <summary>The interface it is bound at was deleted, whatever has its index now.</summary>
        public bool IsGone { get; set; }

        /// <summary>The kernel refused to unbind it: that comes first.</summary>
        public bool MustUnbind { get; set; }

        /// <summary>Bind again even if nothing seems different.</summary>
        public bool MustCheck { get; set; }

        /// <summary>The VM of a prepared port was heard here.</summary>
        public bool IsActive { get; set; }

        public void Set(string state, string? reason) => (_state, _reason) = (state, reason);

        public PortState ToState() => new(
            Port.Name, Port.Number, Port.Interface, Port.Vsid, Port.Mac,
            !Port.Prepared || _state != PortStates.Bound ? _state : IsActive ? PortStates.Active : PortStates.Prepared, _reason, Bound?.InterfaceIndex);
    }
}
