using Hnv.StateLog.Memory;
using Hnv.StateLog.Sqlite;

namespace Hnv.StateLog;

/// <summary>Opens the log that a <c>--store</c> option names.</summary>
public static class StateLogFactory
{
    /// <param name="store"><c>sqlite:PATH</c>, or <c>memory</c> for one that is forgotten when the process ends.</param>
    /// <exception cref="StateLogException">Not such a name, or the store cannot be opened; the message says what would help.</exception>
    public static IStateLog Open(string store)
    {
        ArgumentNullException.ThrowIfNull(store);
        string scheme = store.Split(':', 2)[0];
        string rest = store[scheme.Length..].TrimStart(':');
        return (scheme, rest) switch
        {
            ("memory", "") => new MemoryStateLog(),
            ("sqlite", "") => throw new StateLogException($"The store '{store}' names no file; write sqlite:PATH, for example sqlite:/var/lib/hnv/controller/state.db."),
            ("sqlite", _) => SqliteStateLog.Open(rest),
            ("etcd", _) => throw new StateLogException($"The store '{store}' cannot be opened: etcd is not in this version. Use sqlite:PATH."),
            _ => throw new StateLogException($"'{store}' names no store; write sqlite:PATH or memory."),
        };
    }
}
