using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Model;

/// <summary>One wish: the resource as it shall be, or its removal when <paramref name="Resource"/> is null.</summary>
/// <param name="Document">Zero-based number of the document in the request that says so; findings carry it.</param>
public sealed record ResourceChange(ResourceId Id, Resource? Resource, int? Document = null);

/// <summary>Changes that take effect together. The order matters only for whom a conflict between two of them is told to: the later one.</summary>
public sealed record ChangeSet(ImmutableArray<ResourceChange> Changes)
{
    /// <summary>Create or replace all of these; the document number of each is its place.</summary>
    public static ChangeSet Put(params IEnumerable<Resource> resources) =>
        new([.. resources.Select((r, i) => new ResourceChange(r.Id, r, i))]);

    /// <summary>Remove all of these; the document number of each is its place.</summary>
    public static ChangeSet Delete(params IEnumerable<ResourceId> ids) =>
        new([.. ids.Select((id, i) => new ResourceChange(id, null, i))]);

    /// <summary>Both, in this order. Document numbers stay as they are.</summary>
    public ChangeSet And(ChangeSet other) => new(Changes.AddRange(other.Changes));
}

/// <summary>What became of a <see cref="ResourceChange"/>.</summary>
public enum ChangeOutcome
{
    Created,
    Changed,
    Unchanged,
    Deleted,

    /// <summary>To be deleted, and was not there.</summary>
    Absent,
}

/// <summary>
/// A change in full: before and after, with what was left out filled in (RDID). <paramref name="Document"/> is null for what nobody
/// wrote: a tenant made on first use, a port whose lease came or went.
/// </summary>
public sealed record AppliedChange(ResourceId Id, Resource? Before, Resource? After, int? Document)
{
    public ChangeOutcome Outcome => (Before, After) switch
    {
        (null, null) => ChangeOutcome.Absent,
        (null, _) => ChangeOutcome.Created,
        (_, null) => ChangeOutcome.Deleted,
        _ => Before.Equals(After) ? ChangeOutcome.Unchanged : ChangeOutcome.Changed,
    };
}
