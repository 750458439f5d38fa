using Hnv.StateLog.Memory;
using Hnv.StateLog.Sqlite;

namespace Hnv.StateLog;

/// <summary>The log that a <c>--store</c> option names: <c>sqlite:PATH</c>, or <c>memory</c> for one that is forgotten when the process ends.</summary>
public static class StateLogFactory
{
    private const string Sqlite = "sqlite";

    /// <summary>How the log in a file is named.</summary>
    public static string NameOf(string file) => $"{Sqlite}:{file}";

    /// <summary>Opens it.</summary>
    /// <exception cref="StateLogException">Not such a name, or the store cannot be opened; the message says what would help.</exception>
    public static IStateLog Open(string store) => FileOf(store) is { } file ? SqliteStateLog.Open(file) : new MemoryStateLog();

    /// <summary>The file that it is in, as it was named; null: in none.</summary>
    /// <exception cref="StateLogException">Not such a name; the message says what would help.</exception>
    public static string? FileOf(string store)
    {
        ArgumentNullException.ThrowIfNull(store);
        string scheme = store.Split(':', 2)[0];
        string rest = store[scheme.Length..].TrimStart(':');
        return (scheme, rest) switch
        {
            ("memory", "") => null,
            (Sqlite, "") => throw new StateLogException($"The store '{store}' names no file; write sqlite:PATH, for example sqlite:/var/lib/hnv/controller/state.db."),
            (Sqlite, _) when rest.Contains('\0', StringComparison.Ordinal) => throw new StateLogException($"The store '{store}' names no file: there is a null character in it."),
            (Sqlite, _) => rest,
            ("etcd", _) => throw new StateLogException($"The store '{store}' cannot be opened: etcd is not in this version. Use sqlite:PATH."),
            _ => throw new StateLogException($"'{store}' names no store; write sqlite:PATH or memory."),
        };
    }
}
