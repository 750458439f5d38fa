namespace Hnv.Cli;

/// <summary>Part of the commands' contract.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It failed, or the answer is "no": unreachable, not found, not converged, different.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage or invalid input.</summary>
    public const int Usage = 2;
}
