using Hnv.StateLog;
using Hnv.StateLog.CrashWriter;
using Hnv.StateLog.Sqlite;

// Usage: CrashWriter DATABASE ROUND
// Writes and compacts until it is killed, and says on standard output what it was promised:
//   open REVISION · compacting REVISION · compacted REVISION · try - KEY LABEL · ack REVISION KEY LABEL     (label "-": deletion)
// Each of its writers owns its keys and does one thing after the other, so the last lines about a key say what may have become of it.
const int Writers = 4;
(string database, string round) = (args[0], args[1]);
using var stdout = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
await using var log = SqliteStateLog.Open(database);
stdout.WriteLine($"open {await log.GetRevisionAsync()}");
await Task.WhenAll([.. Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(w))), Task.Run(CompactAsync)]);

async Task WriteAsync(int writer)
{
    for (int i = 0; ; i++)
    {
        string[] keys = [$"w{writer}/a{i % 5}", $"w{writer}/b{i % 3}"];
        string? label = i % 4 == 3 ? null : $"{round}.{writer}.{i}";
        foreach (string key in keys)
        {
            stdout.WriteLine($"try - {key} {(label is null ? "-" : $"{key}.{label}")}");
        }

        TransactionResult result = await log.TransactAsync(new(
            [],
            [.. keys.Select(k => label is null ? LogOperation.Delete(k) : LogOperation.Put(k, CrashValue.Make($"{k}.{label}")))]));
        foreach (string key in keys)
        {
            stdout.WriteLine($"ack {result.Revision} {key} {(label is null ? "-" : $"{key}.{label}")}");
        }
    }
}

async Task CompactAsync()
{
    long next = await log.GetRevisionAsync() + 20;
    while (true)
    {
        // Enough history that a kill in the middle of removing it is likely.
        long revision = await log.GetRevisionAsync();
        if (revision < next)
        {
            await Task.Delay(1);
            continue;
        }

        next = revision + 60;
        stdout.WriteLine($"compacting {revision - 5}");
        await log.CompactAsync(revision - 5);
        stdout.WriteLine($"compacted {revision - 5}");
    }
}
