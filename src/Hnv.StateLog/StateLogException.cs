namespace Hnv.StateLog;

/// <summary>The log could not do what was asked.</summary>
public class StateLogException : Exception
{
    public StateLogException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The revision asked for was compacted away; list again and watch from there.</summary>
public sealed class CompactedException(long requested, long compacted)
    : StateLogException(
        $"Revision {requested} was compacted away: the log can be read at {compacted} and later, and watched from {compacted + 1} on.")
{
    /// <summary>Events up to and including this revision are gone.</summary>
    public long CompactedRevision { get; } = compacted;
}

/// <summary>The revision asked for has not been committed.</summary>
public sealed class FutureRevisionException(long requested, long current)
    : StateLogException($"Revision {requested} is in the future; the log is at {current}.");

/// <summary>The transaction exceeds <see cref="StateLogLimits"/>.</summary>
public sealed class TransactionTooLargeException(string message) : StateLogException(message);
