namespace Hnv.Cli.Watching;

/// <summary>What a watch has shown, and so what is new.</summary>
/// <param name="key">What a row stays the same row by.</param>
/// <param name="compared">What counts as a change of it.</param>
internal sealed class ShownRows<T>(Func<T, string> key, Func<T, string> compared, LiveTable<T> table)
{
    private readonly Dictionary<string, (T Row, string Compared)> _rows = new(StringComparer.Ordinal);
    private bool _hasBegun;

    /// <summary>The row as it was shown last.</summary>
    public bool TryGet(string name, out T row)
    {
        bool found = _rows.TryGetValue(name, out (T Row, string Compared) known);
        row = known.Row;
        return found;
    }

    public void Put(T row, long? revision)
    {
        string name = key(row), now = compared(row);
        bool known = _rows.TryGetValue(name, out (T Row, string Compared) before);
        _rows[name] = (row, now);
        if (!known || before.Compared != now)
        {
            table.Show(known ? RowChange.Changed : RowChange.Added, row, revision);
        }
    }

    public void Delete(string name, long? revision)
    {
        if (_rows.Remove(name, out (T Row, string Compared) last))
        {
            table.Show(RowChange.Deleted, last.Row, revision);
        }
    }

    /// <summary>All rows that there are: the first time the table begins with them, later what is not among them is gone.</summary>
    public void Replace(IReadOnlyList<T> rows, long? revision)
    {
        if (!_hasBegun)
        {
            Begin(rows, revision);
            return;
        }

        HashSet<string> there = [.. rows.Select(key)];
        foreach (string gone in _rows.Keys.Where(k => !there.Contains(k)).ToArray())
        {
            Delete(gone, revision);
        }

        foreach (T row in rows)
        {
            Put(row, revision);
        }
    }

    private void Begin(IReadOnlyList<T> rows, long? revision)
    {
        _hasBegun = true;
        foreach (T row in rows)
        {
            _rows[key(row)] = (row, compared(row));
        }

        table.Begin(rows, revision);
    }
}
