using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>
/// Keeps the policy of every host up to date at the cost of what changed. What comes out equals
/// <see cref="HostPolicyView.Compute"/> for every host, always. Not safe for concurrent use; its snapshots are.
/// </summary>
public sealed class PolicyEngine
{
    private PolicyInput _input = PolicyInput.Empty;

    /// <summary>The newest snapshot.</summary>
    public PolicySnapshot Current { get; private set; } = PolicySnapshot.Empty;

    /// <summary>Takes over the next input, which differs from the last in at most the resources named.</summary>
    public PolicyChange Apply(PolicyInput next, IReadOnlyCollection<ResourceId> changed)
    {
        CloudModel model = next.Model;
        var dirty = new DirtyMarker(_input.Model, model);
        dirty.Mark(changed);

        var hosts = new Dictionary<string, HostChange>(StringComparer.Ordinal);
        ImmutableDictionary<Guid, NetworkPolicy>.Builder networks = Current.Networks.ToBuilder();
        foreach ((Guid id, DirtyNetwork network) in dirty.Networks)
        {
            Update(next, id, network, networks, hosts);
        }

        var after = new PolicySnapshot(model.Revision, networks.ToImmutable(), UpdateHosts(model, dirty.Hosts, hosts));
        var change = new PolicyChange(Current, after, hosts);
        _input = next;
        Current = after;
        return change;
    }

    private void Update(
        PolicyInput next, Guid id, DirtyNetwork dirty, ImmutableDictionary<Guid, NetworkPolicy>.Builder networks, Dictionary<string, HostChange> hosts)
    {
        NetworkPolicy? before = networks.GetValueOrDefault(id);
        NetworkPolicy? after = null;
        IReadOnlyCollection<string> shared = [];
        IReadOnlyDictionary<string, HashSet<string>> own = ImmutableDictionary<string, HashSet<string>>.Empty;
        if (next.Model.FindVmNetwork(id) is not { } network)
        {
            networks.Remove(id);
        }
        else if (before is null || dirty.Rebuild)
        {
            networks[id] = after = NetworkEditor.BuildAll(next, network);
            shared = before is null ? [] : KeysOf(before).Union(KeysOf(after), StringComparer.Ordinal).ToList();
        }
        else
        {
            var editor = new NetworkEditor(next, network, before);
            if (dirty.Itself)
            {
                editor.SetItself(before.Network);
            }

            editor.Apply(dirty, _input.Model);
            networks[id] = after = editor.Build();
            (shared, own) = (editor.SharedKeys, editor.OwnKeys);
        }

        Tell(id, before, after, shared, own, hosts);
    }

    private static void Tell(
        Guid id, NetworkPolicy? before, NetworkPolicy? after, IReadOnlyCollection<string> shared,
        IReadOnlyDictionary<string, HashSet<string>> own, Dictionary<string, HostChange> hosts)
    {
        bool renamed = before is not null && after is not null && !Header(before.Network).Equals(Header(after.Network));
        foreach (string host in before?.Hosts ?? [])
        {
            if (after?.Parts.ContainsKey(host) != true)
            {
                Of(hosts, host).Detach(id);
            }
        }

        foreach (string host in after?.Hosts ?? [])
        {
            if (before?.Parts.ContainsKey(host) != true || renamed)
            {
                Of(hosts, host).Attach(id);
            }
            else if (shared.Count > 0 || own.ContainsKey(host))
            {
                HostChange change = Of(hosts, host);
                change.Touch(id, shared);
                change.Touch(id, own.TryGetValue(host, out HashSet<string>? keys) ? keys : []);
            }
        }
    }

    private ImmutableDictionary<string, HostPolicy> UpdateHosts(CloudModel model, IEnumerable<string> dirty, Dictionary<string, HostChange> changes)
    {
        ImmutableDictionary<string, HostPolicy>.Builder policies = Current.Hosts.ToBuilder();
        foreach (string name in dirty)
        {
            HostPolicy? before = policies.GetValueOrDefault(name);
            if (model.FindHost(name) is not { } host)
            {
                if (policies.Remove(name))
                {
                    Of(changes, name).Detach(HostScope.Id);
                }

                continue;
            }

            HostPolicy after = policies[name] = HostPolicy.Of(host, before?.Networks ?? []);
            if (before is null)
            {
                Of(changes, name).Attach(HostScope.Id);
            }
            else
            {
                Of(changes, name).Touch(HostScope.Id, before.Keys.Union(after.Keys, StringComparer.Ordinal).ToList());
            }
        }

        foreach ((string name, HostChange change) in changes)
        {
            if (policies.TryGetValue(name, out HostPolicy? policy) && (change.Attached.Count > 0 || change.Detached.Count > 0))
            {
                policies[name] = policy.With(policy.Networks.Except(change.Detached).Union(change.Attached.Where(static n => n != HostScope.Id)));
            }
        }

        return policies.ToImmutable();
    }

    private static IEnumerable<string> KeysOf(NetworkPolicy policy) =>
        policy.Shared.Keys.Concat(policy.Peers.Keys).Concat(policy.Parts.Values.SelectMany(static p => p.Ports.Keys));

    private static (string Tenant, string Name, Encapsulation Encapsulation) Header(VmNetwork n) => (n.Tenant, n.Name, n.Encapsulation);

    private static HostChange Of(Dictionary<string, HostChange> hosts, string host)
    {
        if (!hosts.TryGetValue(host, out HostChange? change))
        {
            hosts[host] = change = new HostChange();
        }

        return change;
    }
}
