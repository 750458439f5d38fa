using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Bench.Topology;

/// <summary>The four forms on the wire, by the names they have in tables (<see cref="BenchOptions.Forms"/>), each compared with kernel VXLAN and a bridge over the same family.</summary>
internal static class Forms
{
    public static EncapsulationForm Common { get; } = new(Encapsulation.Nvgre, AddressFamily.InterNetwork);

    public static string Name(EncapsulationForm form) => form.Encapsulation.ToString().ToLowerInvariant() + (form.Family == AddressFamily.InterNetworkV6 ? "6" : "4");

    /// <summary>Of what is compared over one family: one group of a table, in which kernel VXLAN comes first.</summary>
    public static string Group(string what, AddressFamily family) => $"{what}, over {(family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}";

    /// <summary>Builds, for each family, kernel VXLAN and both encapsulations of the data plane, and says how each is measured.</summary>
    /// <param name="what">Of the group's name, e.g. "into a veth".</param>
    public static IEnumerable<Variant> Variants(
        TopologySet topologies, string what, TwoHostsSpec spec, Func<TwoHosts, Func<CancellationToken, Task<IReadOnlyList<Reading>>>> measure)
    {
        foreach (IGrouping<AddressFamily, EncapsulationForm> family in EncapsulationForm.All.GroupBy(static f => f.Family))
        {
            string group = Group(what, family.Key);
            yield return new Variant(group, Carrier.Vxlan, measure(topologies.Add(Carrier.Vxlan, spec with { Form = new(Encapsulation.Vxlan, family.Key) })));
            foreach (EncapsulationForm form in family)
            {
                yield return new Variant(group, Name(form), measure(topologies.Add(Carrier.Hnv, spec with { Form = form })));
            }
        }
    }
}
