namespace Hnv.Api.Rest;

/// <summary>Body of <c>POST …/ports/NAME/migrate</c>.</summary>
/// <param name="Host">The host that is to be prepared.</param>
/// <param name="Interface">Name of the port's interface there; null: the same as here.</param>
public sealed record MigrationRequest(string Host, string? Interface = null);
