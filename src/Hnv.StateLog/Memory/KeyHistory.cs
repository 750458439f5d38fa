namespace Hnv.StateLog.Memory;

/// <summary>The versions of one key that are kept, oldest first.</summary>
internal sealed class KeyHistory(string key, byte[] keyBytes)
{
    private readonly List<KeyVersion> _versions = [];

    public string Key { get; } = key;

    public byte[] KeyBytes { get; } = keyBytes;

    public bool IsEmpty => _versions.Count == 0;

    /// <summary>The live value, null when the key is deleted or was never there.</summary>
    public KeyVersion? Live => _versions.Count > 0 && _versions[^1].Value is not null ? _versions[^1] : null;

    public LogEntry? EntryAt(long revision)
    {
        int at = _versions.FindLastIndex(v => v.Revision <= revision);
        return at >= 0 && _versions[at] is { Value: not null } v ? new(Key, v.Value, v.Created, v.Revision) : null;
    }

    public LogEvent Write(byte[]? value, long revision)
    {
        KeyVersion? live = Live;
        _versions.Add(new(revision, live?.Created ?? revision, value));
        return new(Key, OptionalBytes.Of(value), OptionalBytes.Of(live?.Value), revision);
    }

    public void Compact(long revision)
    {
        int kept = _versions.FindLastIndex(v => v.Revision <= revision);
        if (kept >= 0)
        {
            _versions.RemoveRange(0, _versions[kept].Value is null ? kept + 1 : kept);
        }
    }
}

/// <summary>A null value is a deletion.</summary>
internal sealed record KeyVersion(long Revision, long Created, byte[]? Value);
