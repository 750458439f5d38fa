using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Controller.Store;

/// <summary>One resource to write: as it shall be, or (null) deleted. <paramref name="Set"/> is the set it belongs to from now on.</summary>
internal sealed record PlannedWrite(ResourceId Id, Resource? Resource, string? Set);

/// <summary>What came of a write: its revision, and the state in which it is visible.</summary>
internal sealed record WriteResult(long Revision, CloudState State);
