using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>The words of enumerations in manifests, as documented: those of value 0, 1, …</summary>
internal static class ResourceWords
{
    public static readonly ImmutableArray<string> FlowIds = ["hash", "zero"];

    public static readonly ImmutableArray<string> Encapsulations = ["nvgre", "vxlan"];

    public static readonly ImmutableArray<string> RecordTypes = ["Static", "Dynamic", "GatewayWildcard", "L2Only"];

    /// <summary>How frames get to a record's provider address; the first is the only one that is carried.</summary>
    public static readonly ImmutableArray<string> Rules = ["encap", "nat", "none"];

    public static readonly ImmutableArray<string> LearningModes = ["static", "dynamic"];

    /// <summary>Those of bit 0, 1, …</summary>
    public static readonly ImmutableArray<string> LearningSources = ["dhcp", "arp", "nd", "dhcpv6", "slaac"];

    public static readonly ImmutableArray<string> FloodingModes = ["none", "unicast", "multicast"];

    public static readonly ImmutableArray<string> RouterAdvertisementModes = ["off", "slaac", "managed"];

    public static string Of(FlowIdMode value) => FlowIds[(int)value];

    public static string Of(Encapsulation value) => Encapsulations[(int)value];

    public static string Of(LookupRecordType value) => RecordTypes[(int)value];

    public static string Of(LearningMode value) => LearningModes[(int)value];

    public static string Of(FloodingMode value) => FloodingModes[(int)value];

    public static string Of(RouterAdvertisementMode value) => RouterAdvertisementModes[(int)value];
}
