namespace Hnv.Agent.Cache;

/// <summary>A file of the cache cannot be used; the message says why, as the end of a sentence about the file.</summary>
internal sealed class PolicyFileException(string message, Exception? inner = null) : Exception(message, inner);
