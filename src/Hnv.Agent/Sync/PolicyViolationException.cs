namespace Hnv.Agent.Sync;

/// <summary>
/// The stream said something that this agent does not understand or that contradicts what came before. The connection ends; what
/// was realised stays.
/// </summary>
internal sealed class PolicyViolationException(string message, Exception? inner = null) : Exception(message, inner);
