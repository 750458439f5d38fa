namespace Hnv.Lab;

/// <summary>A word about what the lab does; <paramref name="Took"/> is null when the step begins.</summary>
public sealed record LabStep(string What, TimeSpan? Took);
