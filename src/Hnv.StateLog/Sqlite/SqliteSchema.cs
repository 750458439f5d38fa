namespace Hnv.StateLog.Sqlite;

/// <summary>
/// The tables. Every write of a key is a row that says from which revision to which it was the key's newest version:
/// <code>
/// key a   ├─ put ──────────┼─ put ───────┼─ deletion ────────── …
///     revision 3       7 = superseded   9   (superseded is null: newest)
/// </code>
/// So the state at revision R is the rows with revision ≤ R &lt; superseded; the previous value of an event at R is the row
/// superseded at R; and a compaction at C takes the rows superseded by C, and deletions up to C.
/// </summary>
/// <remarks>
/// The revision has a row of its own, so that it survives the compaction of everything. A compaction first raises <c>compacted</c>;
/// from then on no read sees what it covers, whether the rows are gone already or not.
/// Keys are blobs of UTF-8: blobs compare as bytes and may hold any character.
/// </remarks>
internal static class SqliteSchema
{
    /// <summary>"HNVL", in the file's header: tells our files from those of other applications.</summary>
    public const int ApplicationId = 0x484E564C;

    /// <summary>In the file's header as <c>user_version</c>.</summary>
    public const int Version = 1;

    public static readonly string Create = $"""
        BEGIN IMMEDIATE;
        CREATE TABLE log(
            id INTEGER PRIMARY KEY CHECK (id = 1),
            revision INTEGER NOT NULL,
            compacted INTEGER NOT NULL,
            CHECK (compacted BETWEEN 0 AND revision)) STRICT;
        INSERT INTO log VALUES (1, 0, 0);
        CREATE TABLE version(
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL,
            revision INTEGER NOT NULL,
            created INTEGER NOT NULL,
            superseded INTEGER,
            value BLOB) STRICT;
        CREATE UNIQUE INDEX version_revision ON version(revision, key);
        CREATE UNIQUE INDEX version_newest ON version(key) WHERE superseded IS NULL;
        CREATE UNIQUE INDEX version_superseded ON version(superseded, key) WHERE superseded IS NOT NULL;
        CREATE INDEX version_deletion ON version(revision) WHERE superseded IS NULL AND value IS NULL;
        PRAGMA application_id = {ApplicationId};
        PRAGMA user_version = {Version};
        COMMIT;
        """;

    public const string ReadLog = "SELECT revision, compacted FROM log";

    public const string WriteLog = "UPDATE log SET revision = $revision, compacted = $compacted";

    public const string ReadNewest = "SELECT id, revision, created, value FROM version WHERE key = $key AND superseded IS NULL";

    public const string Supersede = "UPDATE version SET superseded = $revision WHERE id = $id";

    public const string Insert = "INSERT INTO version(key, revision, created, value) VALUES ($key, $revision, $created, $value)";

    /// <summary>Rows still newest, and rows superseded since: few, unless the revision is long past.</summary>
    public const string Range = """
        SELECT key, value, created, revision FROM version INDEXED BY version_newest
        WHERE superseded IS NULL AND key >= $low AND key < $high AND revision <= $at AND value IS NOT NULL
        UNION ALL
        SELECT key, value, created, revision FROM version INDEXED BY version_superseded
        WHERE superseded > $at AND key >= $low AND key < $high AND revision <= $at AND value IS NOT NULL
        ORDER BY key LIMIT $limit
        """;

    public const string Events = """
        SELECT e.revision, e.key, e.value, p.value
        FROM version AS e INDEXED BY version_revision
        LEFT JOIN version AS p ON p.superseded = e.revision AND p.key = e.key
        WHERE e.revision > $after AND e.key >= $low AND e.key < $high
        ORDER BY e.revision, e.key
        """;

    public const string SweepSuperseded = """
        DELETE FROM version WHERE id IN
            (SELECT id FROM version INDEXED BY version_superseded WHERE superseded <= $compacted LIMIT $limit)
        """;

    public const string SweepDeletions = """
        DELETE FROM version WHERE id IN
            (SELECT id FROM version INDEXED BY version_deletion
             WHERE superseded IS NULL AND value IS NULL AND revision <= $compacted LIMIT $limit)
        """;
}
