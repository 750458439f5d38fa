using System.Collections.Immutable;

namespace Hnv.Cli;

/// <summary>One thing to tell the user: what is wrong, where, and what would be right.</summary>
/// <param name="What">What is wrong.</param>
/// <param name="Where">FILE:LINE FIELD, the object, or null where <paramref name="What"/> says it.</param>
/// <param name="Remedy">What would be right.</param>
internal sealed record CliError(string What, string? Where = null, string? Remedy = null);

/// <summary>Ends a command with an exit code and everything that is wrong.</summary>
internal sealed class CliException(int exitCode, ImmutableArray<CliError> errors) : Exception(errors[0].What)
{
    public int ExitCode { get; } = exitCode;

    public ImmutableArray<CliError> Errors { get; } = errors;

    /// <summary>Wrong usage or invalid input.</summary>
    public static CliException Usage(string what, string? remedy = null, string? where = null) =>
        new(ExitCodes.Usage, [new CliError(what, where, remedy)]);

    /// <summary>It failed, or the answer is "no".</summary>
    public static CliException Failed(string what, string? remedy = null, string? where = null) =>
        new(ExitCodes.Failed, [new CliError(what, where, remedy)]);
}
