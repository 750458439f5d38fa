using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Bench.Topology;

/// <summary>The four forms on the wire, by the names they have in tables (<see cref="BenchOptions.Forms"/>), each beside what carries over the same family.</summary>
internal static class Forms
{
    /// <summary>What <see cref="Variants"/> compares, for titles.</summary>
    public const string Compared = "each form beside underlay and kernel VXLAN + bridge over its family, and over IPv4 beside the bare NVGRE programs";

    public static EncapsulationForm Common { get; } = new(Encapsulation.Nvgre, AddressFamily.InterNetwork);

    public static string Name(EncapsulationForm form) => form.Encapsulation.ToString().ToLowerInvariant() + (form.Family == AddressFamily.InterNetworkV6 ? "6" : "4");

    /// <summary>Of what is compared over one family: one group of a table, in which the forms come last.</summary>
    public static string Group(string what, AddressFamily family) => $"{what}, over {(family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}";

    /// <summary>Forms by the family of provider addresses.</summary>
    public static IEnumerable<IGrouping<AddressFamily, EncapsulationForm>> ByFamily => EncapsulationForm.All.GroupBy(static f => f.Family);

    /// <summary>The minimal programs know one form.</summary>
    public static bool HasBare(AddressFamily family) => family == Common.Family;

    /// <summary>
    /// Builds, for each family, underlay, kernel VXLAN and, where there are, the minimal programs, and one pair of hosts with the data plane that speaks all forms in
    /// turn; and says how each is measured.
    /// </summary>
    /// <param name="what">Of the group's name, e.g. "into a veth".</param>
    public static IEnumerable<Variant> Variants(
        TopologySet topologies, string what, TwoHostsSpec spec, Func<TwoHosts, Func<CancellationToken, Task<IReadOnlyList<Reading>>>> measure)
    {
        HnvHosts hosts = topologies.Add(TwoHosts.Build(new HnvHosts(spec with { HasAllForms = true })));
        Func<CancellationToken, Task<IReadOnlyList<Reading>>> throughHosts = measure(hosts);
        foreach (IGrouping<AddressFamily, EncapsulationForm> family in ByFamily)
        {
            string group = Group(what, family.Key);
            foreach (string carrier in Carrier.References.Where(c => c != Carrier.Bare || HasBare(family.Key)))
            {
                yield return new Variant(group, carrier, measure(topologies.Add(carrier, spec with { Form = new(Encapsulation.Vxlan, family.Key) })));
            }

            foreach (EncapsulationForm form in family)
            {
                yield return new Variant(group, Name(form), token =>
                {
                    hosts.Become(form);
                    return throughHosts(token);
                });
            }
        }
    }
}
