using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Controller.Store;

/// <summary>One resource that changed: before and after, null for absent.</summary>
internal sealed record ResourceTransition(ResourceId Id, StoredResource? Before, StoredResource? After);

/// <summary>What one revision changed, and the state it led to.</summary>
internal sealed record CloudChange(long Revision, CloudState State, ImmutableArray<ResourceTransition> Transitions);
