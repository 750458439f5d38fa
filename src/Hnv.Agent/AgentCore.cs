using System.Collections.Immutable;
using System.Net;
using Hnv.Agent.Counters;
using Hnv.Agent.Desired;
using Hnv.Agent.Network;
using Hnv.Agent.Ports;
using Hnv.Agent.Sync;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;
using Hnv.Linux;
using Hnv.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent;

/// <summary>
/// The part that decides: takes in what policy and the host say (<c>OnUpdate</c>, cheap, no I/O) and brings the kernel there
/// (<see cref="Apply"/>, all the I/O). Many updates may come before one Apply.
/// </summary>
/// <remarks>
/// Invariants: nothing that was found in the kernel is removed before a controller's bookmark (the cache may be older than the kernel);
/// a revision counts as realised when everything that came before its bookmark is in the kernel; a failure leaves the kernel
/// forwarding as it is and is tried again. For one thread at a time.
/// </remarks>
internal sealed partial class AgentCore
{
    /// <summary>
    /// How long a restarted agent that finds a working data plane waits for a controller before it applies what only the cache says.
    /// </summary>
    public static readonly TimeSpan CacheGrace = TimeSpan.FromSeconds(5);

    private readonly IDataplane _dataplane;
    private readonly INetworkView _view;
    private readonly TimeProvider _time;
    private readonly ILogger<AgentCore> _log;
    private readonly DesiredState _desired;
    private readonly HostNetwork _network;
    private readonly CounterBook _counters;
    private readonly PortBinder _ports;
    private readonly WayFinder _ways;
    private readonly ProviderGroups _groups;
    private readonly ProviderRoutes _routes;
    private readonly HashSet<int> _attachedUplinks = [];
    private readonly Dictionary<string, string> _uplinkProblems = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _holdUntil;
    private readonly ushort _vxlanPort;
    private string? _vxlanProblem;
    private bool _mustRelist = true;
    private bool _mustAttachUplinks = true;
    private bool _isInSync;
    private bool _hasSwept;
    private long _bookmark;
    private long _realised;

    public AgentCore(
        IReadOnlyCollection<string> uplinks, IDataplane dataplane, INetworkView view, CounterBook counters, TimeProvider time, ILoggerFactory logs,
        ushort vxlanPort = AgentOptions.DefaultVxlanPort)
    {
        _vxlanPort = vxlanPort;
        _dataplane = dataplane;
        _counters = counters;
        _view = view;
        _time = time;
        _log = logs.CreateLogger<AgentCore>();
        _desired = new DesiredState(dataplane);
        _network = new HostNetwork(uplinks);
        _ports = new PortBinder(dataplane, _desired, _network, counters, time, logs.CreateLogger<PortBinder>());
        _ways = new WayFinder(view, _network, _desired);
        _groups = new ProviderGroups(view, _network, _desired);
        _routes = new ProviderRoutes(view, _network, _desired, time);
        bool adopted = dataplane.ReadSubnets().Count > 0 || dataplane.ReadPorts().Count > 0;
        _holdUntil = adopted ? time.GetUtcNow() + CacheGrace : DateTimeOffset.MinValue;
        if (adopted)
        {
            LogAdopted(_log, dataplane.ReadPorts().Count, dataplane.ReadSubnets().Count);
        }
    }

    /// <summary>What is realised; may be read by any thread.</summary>
    public AgentState State { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); } = AgentState.Empty;

    /// <summary>A port is prepared here: whether its VM was heard is to be looked at often.</summary>
    public bool AwaitsActivation { get; private set; }

    /// <summary>Policy changed.</summary>
    public void OnUpdate(HeldPolicyChange change)
    {
        _counters.OnUpdate(change);
        switch (change)
        {
            case NetworkChanged changed:
                _desired.OnUpdate(changed);
                OnHostScope(changed.Policy.Network);
                break;
            case NetworkDetached detached:
                _desired.OnUpdate(detached);
                OnHostScope(detached.Policy.Network);
                break;
            case BookmarkReached bookmark:
                _bookmark = bookmark.Revision;
                _isInSync = true;
                break;
        }
    }

    /// <summary>The host's networking changed.</summary>
    public void OnUpdate(NetworkEvent e)
    {
        switch (e)
        {
            case NetworkEvent.Overrun:
                LogOverrun(_log);
                _mustRelist = true;
                break;
            case NetworkEvent.RouteChanged route:
                _ways.OnRouteChanged(route.Route.Destination, route.Route.Type);
                _routes.OnRouteChanged(route.Route);
                break;
            case NetworkEvent.RulesChanged:
                _ways.OnUplinksChanged();
                _routes.OnUpdate();
                break;
            case NetworkEvent.FilterLost lost:
                OnFilterLost(lost.InterfaceIndex);
                break;
            default:
                _network.OnUpdate(e);
                break;
        }
    }

    /// <summary>Brings the kernel to what is desired.</summary>
    /// <returns>Whether it is there; if not, call again in a while.</returns>
    /// <exception cref="LinuxException">Netlink failed.</exception>
    public bool Apply()
    {
        if (_mustRelist)
        {
            Relist();
        }

        TakeNetworkChanges();
        if (!_isInSync && _time.GetUtcNow() < _holdUntil)
        {
            return false;
        }

        // Before any program is attached that would send to port 0, or leave to the host what comes in.
        if (_desired.UsesVxlan || _hasSwept)
        {
            _vxlanProblem = _dataplane.SetVxlanPort(_desired.UsesVxlan ? _vxlanPort : (ushort)0);
        }

        bool uplinksAttached = !_mustAttachUplinks || AttachUplinks();
        if (_routes.Apply(mayRemove: _hasSwept))
        {
            _ways.OnUplinksChanged();
        }

        _ways.Refresh();
        _ports.OnPortsChanged(_desired.TakeChangedPorts());
        bool maySweep = _isInSync && !_hasSwept && uplinksAttached; // An uplink that failed just now still forwards: it was claimed by nobody yet.
        if (maySweep)
        {
            _dataplane.AllowSweep();
        }

        if (_hasSwept)
        {
            // What a new port depends on stands before its first frame. Until the sweep the ports come first: those that stand in the
            // kernel, known to the cache or not, must not be swept, nor their records lose them.
            _dataplane.Apply();
        }

        _counters.BeginPass();
        _ports.Reconcile();
        _counters.TellLeft(_ports.Holds);
        AwaitsActivation = _desired.HasPrepared;
        MacKey[] activated = AwaitsActivation ? [.. _dataplane.ReadActivations().Where(static a => a.Value.Pa == KernelAddress.None).Select(static a => a.Key)] : [];
        _ports.SetActivated(activated);
        _desired.SetActivated(activated); // Floods for them go on here at once.
        bool inGroups = _groups.Apply(mayLeave: _hasSwept);
        ApplyResult result = _dataplane.Apply();
        if (maySweep && result.IsComplete)
        {
            DetachForeignUplinks();
            _hasSwept = true;
            LogInSync(_log, _bookmark);
        }

        bool complete = result.IsComplete && uplinksAttached && inGroups && _routes.Problems.Count == 0 && _desired.Refused.Count == 0;
        if (complete && _isInSync)
        {
            _realised = _bookmark;
        }

        _counters.Save();
        Publish(result);
        return complete;
    }

    private void OnHostScope(Guid network)
    {
        if (network == HostScope.Id)
        {
            _network.PolicyAddresses = _desired.ProviderAddresses;
            _desired.SetPresentAddresses(_network.UplinkAddresses());
            _routes.OnUpdate();
            _ways.OnUplinksChanged();
        }
    }

    /// <summary>Whether it was our filter is for the data plane to see: it attaches where nothing of ours is.</summary>
    private void OnFilterLost(int interfaceIndex)
    {
        bool wasUplink = _attachedUplinks.Remove(interfaceIndex);
        _mustAttachUplinks |= wasUplink;
        if (_ports.OnFilterLost(interfaceIndex) || wasUplink)
        {
            LogFilterLost(_log, interfaceIndex);
        }
    }

    private void Relist()
    {
        _network.Relist(_view);
        _ports.OnOverrun();
        _ways.OnUplinksChanged();
        _routes.OnUpdate();
        _attachedUplinks.Clear();
        _mustAttachUplinks = true;
        _mustRelist = false;
    }

    private void TakeNetworkChanges()
    {
        int[] deleted = _network.TakeDeleted();
        string[] changed = _network.TakeChanged();
        if (changed.Length == 0 && deleted.Length == 0)
        {
            return;
        }

        _ports.OnInterfacesDeleted(deleted);
        _ports.OnInterfacesChanged(changed);
        _attachedUplinks.ExceptWith(deleted);
        if (changed.Any(_network.IsUplink))
        {
            _desired.SetPresentAddresses(_network.UplinkAddresses());
            _ways.OnUplinksChanged();
            _routes.OnUpdate();
            _mustAttachUplinks = true;
        }
    }

    private bool AttachUplinks()
    {
        bool all = true;
        foreach (LinkInfo uplink in _network.Uplinks)
        {
            if (_attachedUplinks.Contains(uplink.Index))
            {
                continue;
            }

            try
            {
                _dataplane.AttachUplink(uplink.Index);
                _attachedUplinks.Add(uplink.Index);
                _uplinkProblems.Remove(uplink.Name);
                LogUplink(_log, uplink.Name, uplink.Index);
            }
            catch (DataplaneException e)
            {
                all = false;
                _uplinkProblems[uplink.Name] = e.Message;
                LogUplinkFailed(_log, e, uplink.Name);
            }
        }

        _mustAttachUplinks = !all;
        return all;
    }

    private void DetachForeignUplinks()
    {
        foreach (int index in _dataplane.ReadUplinks().Where(i => !_attachedUplinks.Contains(i)))
        {
            try
            {
                _dataplane.DetachUplink(index);
            }
            catch (DataplaneException e)
            {
                LogUplinkFailed(_log, e, $"interface {index}");
            }
        }
    }

    private void Publish(ApplyResult result)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        problems.AddRange(_network.MissingUplinks.Select(u => $"There is no interface {u}, which --uplink names."));
        problems.AddRange(_uplinkProblems.Where(p => _network.Find(p.Key) is not null).Select(p => $"Uplink {p.Key}: {p.Value}"));
        ImmutableArray<ProviderAddressReport> addresses =
            [.. _desired.ProviderAddresses.OrderBy(static a => a.Preference).Select(a => ProviderAddressStates.Of(a, _network))];
        problems.AddRange(ProviderAddressStates.Problems(addresses, _network.Uplinks.FirstOrDefault()?.Name ?? "UPLINK"));
        AddUnreachable(problems, _desired.UnreachablePeers);
        problems.AddRange(_groups.Problems);
        problems.AddRange(_routes.Problems);
        if (_vxlanProblem is not null)
        {
            problems.Add(_vxlanProblem);
        }

        problems.AddRange(_desired.Refused.Select(r => $"Network {r.Key} is not realised: {r.Value}"));
        problems.AddRange(result.Failures.Select(f => $"Not all of the policy is in the kernel: {f}."));

        AgentState before = State;
        ImmutableArray<PortState> ports = _ports.States;
        ImmutableDictionary<uint, Guid> domains = _desired.RoutingDomains;
        if (before.RealisedRevision == _realised && before.Ports == ports && before.RoutingDomains == domains && before.Problems.SequenceEqual(problems)
            && before.ProviderAddresses.SequenceEqual(addresses))
        {
            return;
        }

        State = new AgentState(_realised, ports, domains, problems.ToImmutable()) { ProviderAddresses = addresses };
    }

    private static void AddUnreachable(ImmutableArray<string>.Builder problems, IEnumerable<IPAddress> unreachable)
    {
        const int shown = 5;
        IPAddress[] all = [.. unreachable];
        if (all.Length > 0)
        {
            problems.Add(
                $"No route over an uplink, or no address of the family, leads to "
                + $"{string.Join(", ", all.Take(shown).Select(a => a.ToString()))}{(all.Length > shown ? $" and {all.Length - shown} more" : string.Empty)}.");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Found a working data plane: {Ports} ports, {Subnets} virtual subnets; it goes on forwarding")]
    private static partial void LogAdopted(ILogger log, int ports, int subnets);

    [LoggerMessage(Level = LogLevel.Information, Message = "In sync with the controller at revision {Revision}; what nobody desires was removed from the kernel")]
    private static partial void LogInSync(ILogger log, long revision);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The kernel dropped network events; listing everything again")]
    private static partial void LogOverrun(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Somebody removed a qdisc or filter of interface {Index}; making sure of our programs there")]
    private static partial void LogFilterLost(ILogger log, int index);

    [LoggerMessage(Level = LogLevel.Information, Message = "Uplink {Uplink} ({Index}) is attached")]
    private static partial void LogUplink(ILogger log, string uplink, int index);

    [LoggerMessage(Level = LogLevel.Error, Message = "Uplink {Uplink} cannot be served")]
    private static partial void LogUplinkFailed(ILogger log, Exception e, string uplink);
}
