namespace Hnv.Bench.Topology;

/// <summary>The ways of carrying VMs' traffic that are compared, by the names they have in the tables.</summary>
internal static class Carrier
{
    public const string Underlay = "underlay";
    public const string Vxlan = "vxlan";
    public const string Bare = "bare";
    public const string Hnv = "hnv";

    public static IReadOnlyList<string> All { get; } = [Underlay, Vxlan, Bare, Hnv];

    /// <summary>What the others are divided by.</summary>
    public static IReadOnlyList<string> References { get; } = [Underlay, Vxlan, Bare];

    public static TwoHosts Build(string name, TwoHostsSpec spec) => name switch
    {
        Underlay => TwoHosts.Build(new UnderlayHosts(spec)),
        Vxlan => TwoHosts.Build(new VxlanHosts(spec)),
        Bare => TwoHosts.Build(new BareHosts(spec)),
        Hnv => TwoHosts.Build(new HnvHosts(spec)),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such way of carrying"),
    };
}

/// <summary>Several topologies that are gone together.</summary>
internal sealed class TopologySet : IDisposable
{
    private readonly List<TwoHosts> _built = [];

    public TwoHosts Add(string carrier, TwoHostsSpec spec) => Add(Carrier.Build(carrier, spec));

    public T Add<T>(T built)
        where T : TwoHosts
    {
        _built.Add(built);
        return built;
    }

    public void Dispose()
    {
        foreach (TwoHosts topology in _built)
        {
            topology.Dispose();
        }
    }
}
