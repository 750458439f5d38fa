namespace Hnv.Datapath;

/// <summary>The data plane cannot be opened, or a port or uplink cannot be served. The message says what, and what to do.</summary>
public sealed class DataplaneException : Exception
{
    public DataplaneException(string message)
        : base(message)
    {
    }

    public DataplaneException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
