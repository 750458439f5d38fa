namespace Hnv.Model.Resources;

/// <summary>Where a port is moving to: it is prepared there, and becomes active with its VM's first frame.</summary>
/// <param name="Host">The host that it will be on.</param>
/// <param name="Interface">Name of the interface there; null: the same as here.</param>
public sealed record MigrationTarget(string Host, string? Interface = null);
