using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>A statement that a connection keeps, with its parameters in the order of their names given.</summary>
internal sealed class PreparedCommand : IDisposable
{
    private readonly SqliteCommand _command;

    public PreparedCommand(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of SqliteSchema; values are parameters.
        _command.CommandText = sql;
#pragma warning restore CA2100
        foreach (string name in parameters)
        {
            _command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }
    }

    public int Execute(params ReadOnlySpan<object?> values) => With(values).ExecuteNonQuery();

    public SqliteDataReader Query(params ReadOnlySpan<object?> values) => With(values).ExecuteReader();

    public void Dispose() => _command.Dispose();

    private SqliteCommand With(ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return _command;
    }
}
