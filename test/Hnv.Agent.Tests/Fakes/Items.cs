using System.Collections.Immutable;
using System.Net;
using Hnv.Agent.Sync;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>Policy in few words.</summary>
internal static class Items
{
    public static readonly Guid Blue = Guid.Parse("11111111-2222-3333-4444-000000005001");
    public static readonly Guid Red = Guid.Parse("11111111-2222-3333-4444-000000006001");

    public static ProviderAddressItem Pa(string address, int preference = 0) => new(IPAddress.Parse(address), preference);

    public static SubnetItem Subnet(uint vsid = 5001, string prefix = "10.0.0.0/24", string gateway = "10.0.0.1") =>
        new(vsid, "web", IPNetwork.Parse(prefix), null, IPAddress.Parse(gateway), null);

    public static RouteItem Route(string prefix = "10.0.0.0/24", uint vsid = 5001, string? hop = null) =>
        new(IPNetwork.Parse(prefix), vsid, hop is null ? null : IPAddress.Parse(hop), 0);

    public static RecordItem Record(
        string ca, string mac = "06:06:00:00:00:05", string? pa = "192.168.4.22", string? port = null, uint vsid = 5001,
        LookupRecordType type = LookupRecordType.Static, bool unusable = false) =>
        new(vsid, IPAddress.Parse(ca), MacAddress.Parse(mac), pa is null ? null : IPAddress.Parse(pa), type, port, unusable);

    public static PortItem Port(string name = "blue/blue1", string @interface = "v-blue1", string mac = "06:06:00:00:00:05", uint vsid = 5001, uint number = 7) =>
        new(name, number, vsid, @interface, MacAddress.Parse(mac));

    public static MemberItem Member(
        string mac = "06:06:00:00:00:05", string? pa = "192.168.4.22", string port = "blue/blue1", uint vsid = 5001, bool learns = true) =>
        new(vsid, MacAddress.Parse(mac), pa is null ? null : IPAddress.Parse(pa), port, learns);

    public static MoveItem Move(
        string mac = "06:06:00:00:00:05", string? from = "192.168.4.22", string to = "192.168.4.11", string port = "blue/blue1", uint vsid = 5001) =>
        new(vsid, MacAddress.Parse(mac), port, from is null ? null : IPAddress.Parse(from), IPAddress.Parse(to));

    public static PeerItem Peer(string pa = "192.168.4.22", FlowIdMode mode = FlowIdMode.Hash) => new(IPAddress.Parse(pa), mode);

    public static PolicyDigest DigestOf(params IEnumerable<PolicyItem> items) => items.Aggregate(default(PolicyDigest), (d, i) => d.Add(i));

    public static HeldNetworkPolicy Policy(Guid network, long revision, params IEnumerable<PolicyItem> items)
    {
        PolicyItem[] all = [.. items];
        return HeldNetworkPolicy.Empty(network, "blue-corp", "blue", Encapsulation.Nvgre) with
        {
            Revision = revision,
            Digest = DigestOf(all),
            Items = all.ToImmutableDictionary(i => i.Key, StringComparer.Ordinal),
        };
    }

    public static PolicyMessage[] Snapshot(Guid network, long revision, params PolicyItem[] items) =>
    [
        new AttachMessage(network, "blue-corp", "blue", Encapsulation.Nvgre),
        new SnapshotMessage(network, revision),
        new ItemsMessage(network, [.. items]),
        new SnapshotEndMessage(network, revision, items.Length, DigestOf(items).ToString()),
    ];

    public static HelloMessage Hello(long revision = 10, int protocol = PolicyProtocol.Version) => new(protocol, "c1", revision);
}
