namespace Hnv.Agent.Sync;

/// <summary>How it stands with the controllers.</summary>
/// <param name="Controller">The one whose stream is open and understood; null when none.</param>
/// <param name="Problem">Why there is none; null when there is, or before the first try ended.</param>
/// <param name="Since">When that began.</param>
internal sealed record SyncState(string? Controller, string? Problem, DateTimeOffset Since)
{
    public bool IsConnected => Controller is not null;
}
