namespace Hnv.Agent;

/// <summary>The agent cannot start, or cannot purge. The message says what, and what to do.</summary>
public sealed class AgentException : Exception
{
    public AgentException(string message)
        : base(message)
    {
    }

    public AgentException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
