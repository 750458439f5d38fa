namespace Hnv.Controller.Learning;

/// <summary>What one host has said of one network.</summary>
internal sealed class HostShare
{
    /// <summary>Addresses that its ports hold.</summary>
    public HashSet<LearnedKey> Keys { get; } = [];

    /// <summary>It has told everything at least once: what it did not name it does not hold.</summary>
    public bool IsComplete { get; set; }

    /// <summary>What it has named so far while it tells everything; null when it does not.</summary>
    public HashSet<LearnedKey>? Named { get; set; }
}
