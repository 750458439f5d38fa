using System.Collections.Immutable;
using Hnv.Api.Stream;

namespace Hnv.Policy.Tests;

/// <summary>A host that does what it is told: holds the items of its networks, changed only by what a change says.</summary>
internal sealed class Replica(string host)
{
    private readonly Dictionary<Guid, Dictionary<string, PolicyItem>> _networks = [];

    public string Host => host;

    public void Apply(PolicyChange change)
    {
        if (!change.Hosts.TryGetValue(host, out HostChange? mine))
        {
            return;
        }

        foreach (Guid gone in mine.Detached)
        {
            Assert.True(_networks.Remove(gone), $"{host} is told to leave {gone}, which it is not in.");
        }

        foreach (Guid come in mine.Attached)
        {
            _networks[come] = change.After.Content(host, come)!.Items.ToDictionary(static i => i.Key, StringComparer.Ordinal);
        }

        foreach (Guid id in mine.Changed)
        {
            (ImmutableArray<PolicyItem> put, ImmutableArray<string> delete) =
                PolicyChange.DeltaOf(change.Before.Content(host, id), change.After.Content(host, id), mine.Keys(id));
            foreach (string key in delete)
            {
                Assert.True(_networks[id].Remove(key), $"{host} is told to delete {key}, which it does not have.");
            }

            foreach (PolicyItem item in put)
            {
                _networks[id][item.Key] = item;
            }
        }
    }

    /// <summary>All items as text, in order: what two replicas are compared by.</summary>
    public string Dump() => Dump(_networks.ToDictionary(static n => n.Key, static n => (IEnumerable<PolicyItem>)n.Value.Values));

    public static string Dump(IReadOnlyDictionary<Guid, IEnumerable<PolicyItem>> networks) => string.Join(
        '\n', networks.OrderBy(static n => n.Key).Select(static n => $"{n.Key}\n" + string.Join('\n', n.Value.Select(static i => $"  {i}").Order(StringComparer.Ordinal))));
}
