namespace Hnv.Bench;

/// <summary>A benchmark cannot run, or its traffic did not pass. The message says what to do.</summary>
public sealed class BenchException(string message, Exception? inner = null) : Exception(message, inner);
