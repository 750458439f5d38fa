namespace Hnv.Datapath.Maps;

/// <summary>Names of the maps: those of the programs (see bpf/include/layouts.h), and two that only the agent uses.</summary>
internal static class MapNames
{
    public const string Ports = "ports";
    public const string Subnets = "subnets";
    public const string Routes = "routes";
    public const string Records = "records";
    public const string Learned = "learned";
    public const string Macs = "macs";
    public const string LocalPas = "local_pas";
    public const string Peers = "peers";
    public const string PathMtus = "path_mtus";
    public const string Claims = "claims";
    public const string Counters = "counters";
    public const string UplinkCounters = "uplink_counters";
    public const string Traffic = "traffic";
    public const string IcmpLimits = "icmp_limits";
    public const string StormLimits = "storm_limits";
    public const string EventLimits = "event_limits";
    public const string LearnedCounts = "learned_counts";
    public const string PeerLearned = "peer_learned";
    public const string Members = "members";
    public const string VirtualMacs = "virtual_macs";
    public const string Moves = "moves";
    public const string Activations = "activations";
    public const string RedirectLimits = "redirect_limits";
    public const string Moving = "moving";
    public const string Events = "events";
    public const string Leases = "leases";
    public const string Dhcp4 = "dhcp4";
    public const string Dhcp6 = "dhcp6";
    public const string RouterAdvertisements = "router_advertisements";
    public const string Advertised = "advertised";
    public const string Config = "config";
    public const string Decision = "decision";

    /// <summary>Programs that others end in.</summary>
    public const string Stages = "stages";

    /// <summary>Where programs work; means nothing between frames.</summary>
    public const string Scratch = "scratch";

    /// <summary>Agent only: routing domain number (host order) to RDID (16 bytes).</summary>
    public const string Networks = "networks";

    /// <summary>Agent only: interface index to <see cref="DeviceEntry"/>.</summary>
    public const string Devices = "devices";

    /// <summary>Maps in which the programs keep state of their own: a copy made while they run has to be made up afterwards.</summary>
    public static bool IsWrittenByPrograms(string name) => 
        name is Learned or Activations or RedirectLimits or LearnedCounts or VirtualMacs or Claims or PathMtus or Counters or UplinkCounters or Traffic or IcmpLimits or StormLimits
            or EventLimits or PeerLearned or Advertised;
}
