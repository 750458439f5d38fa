using System.Diagnostics.CodeAnalysis;
using Hnv.Datapath.Layouts;

namespace Hnv.Datapath;

/// <summary>
/// What the programs learn and decide, as it happens. Only where to look: events are lost when nobody reads for long, and the map is the
/// truth. Disposing ends the reading.
/// </summary>
public interface ILearnEvents : IDisposable
{
    /// <summary>Waits for an event.</summary>
    /// <returns>False when there will be none any more.</returns>
    ValueTask<bool> WaitAsync(CancellationToken ct);

    /// <summary>The next event, if there is one.</summary>
    bool TryRead([NotNullWhen(true)] out LearnEvent? e);

    /// <summary>Whether events were thrown away since this was asked last.</summary>
    bool TakeOverrun();
}
