using Hnv.Api.Reports;

namespace Hnv.Controller.Learning;

/// <summary>What became of a host's claims in one network.</summary>
internal sealed class LearnedOutcome
{
    public List<LearnedRefusal> Refused { get; } = [];

    /// <summary>Claims that lost, each with the record that won.</summary>
    public List<LearnedConflict> Lost { get; } = [];

    /// <summary>Claims that lost and were not named before: the loser, then the winner.</summary>
    public List<(LearnedRecord Loser, LearnedRecord Winner)> Losers { get; } = [];

    /// <summary>Records that the controller knows from now on.</summary>
    public List<LearnedRecord> Synchronized { get; } = [];
}
