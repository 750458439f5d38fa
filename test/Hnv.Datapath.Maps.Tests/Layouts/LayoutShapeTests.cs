using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps.Tests.Layouts;

/// <summary>A layout is a promise: an agent that finds maps of its own layout uses them as they are.</summary>
public sealed class LayoutShapeTests : IDisposable
{
    /// <summary>Name, key and value sizes in bytes, of a map of maps those of the inner one. A size that changes is another layout, with a migration; a new map is not.</summary>
    private const string Layout2 = """
        activations 12 24
        advertised 4 16
        answers 4 2048
        claims 8 24
        config 4 16
        counters 8 16
        decision 4 88
        devices 4 8
        dhcp4 4 524
        dhcp6 4 524
        event_limits 4 16
        events 0 0
        icmp_limits 4 16
        learned_counts 4 4
        learned 20 88
        leases 4 32
        local_pas 16 4
        macs 12 20
        members 8 24
        moves 12 44
        moving 4 4
        networks 4 16
        path_mtus 16 16
        peer_learned 16 16
        peers 16 28
        ports 4 28
        records 20 28
        redirect_limits 16 16
        router_advertisements 4 520
        routes 24 24
        scratch 4 184
        stages 4 4
        storm_limits 4 16
        subnets 4 72
        traffic 4 16
        uplink_counters 4 16
        virtual_macs 12 32
        """;

    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Pins_OfLayout2_HaveTheSizesThatAreWrittenDown()
    {
        Assert.Equal(2, Layout.Version);
        using Dataplane dataplane = _host.Open();
        string suffix = $"_v{Layout.Version}";
        IEnumerable<string> found = Directory.GetFiles(_host.Directory, "*" + suffix).Order(StringComparer.Ordinal).Select(path =>
        {
            using BpfMap map = BpfMap.OpenPinned(path);
            using BpfMap? inner = map.Info.IsMapOfMaps ? map.LookupInner(0u) : null;
            BpfMapInfo info = (inner ?? map).Info;
            return $"{Path.GetFileName(path)[..^suffix.Length]} {info.KeySize} {info.ValueSize}";
        });

        Assert.Equal(Layout2, string.Join('\n', found));
    }
}
