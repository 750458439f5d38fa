using System.Collections.Immutable;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Policy;

namespace Hnv.Controller.Store;

/// <summary>Everything the log says of resources, as of one revision: an immutable snapshot, swapped as a whole.</summary>
/// <param name="Stored">What the controller keeps beside each resource.</param>
/// <param name="PortNumbers">Numbers of the ports that are alive.</param>
/// <param name="HeadRevision">Revision of the head's last write; 0 before the first.</param>
internal sealed record CloudState(
    CloudModel Model,
    ImmutableDictionary<ResourceId, StoredResource> Stored,
    ImmutableDictionary<ResourceId, uint> PortNumbers,
    CloudHead Head,
    long HeadRevision)
{
    public static CloudState Empty { get; } = new(
        CloudModel.Empty, ImmutableDictionary<ResourceId, StoredResource>.Empty, ImmutableDictionary<ResourceId, uint>.Empty, CloudHead.Initial, 0);

    public long Revision => Model.Revision;

    public PolicyInput PolicyInput => new(Model, PortNumbers);

    /// <summary>The state with these resources put (or, null, deleted).</summary>
    public CloudState With(IReadOnlyCollection<KeyValuePair<ResourceId, StoredResource?>> changes, long revision)
    {
        CloudModel.Builder model = Model.ToBuilder().At(revision);
        ImmutableDictionary<ResourceId, StoredResource>.Builder stored = Stored.ToBuilder();
        ImmutableDictionary<ResourceId, uint>.Builder numbers = PortNumbers.ToBuilder();
        foreach ((ResourceId id, StoredResource? now) in changes)
        {
            if (now is null)
            {
                model.Remove(id);
                stored.Remove(id);
                numbers.Remove(id);
                continue;
            }

            model.Put(now.Resource);
            stored[id] = now;
            if (now.Number != 0)
            {
                numbers[id] = now.Number;
            }
        }

        return this with { Model = model.Build(), Stored = stored.ToImmutable(), PortNumbers = numbers.ToImmutable() };
    }
}
