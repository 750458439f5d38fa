using System.Diagnostics;
using System.Globalization;
using Hnv.StateLog.CrashWriter;
using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Crash;

/// <summary>Another process writes, and is killed in the midst of it, again and again, on one and the same file.</summary>
public sealed class CrashTests
{
    [Fact]
    public Task Kill_9_while_writing_and_compacting_loses_nothing_acknowledged_and_reuses_no_revision() => KillAgainAndAgainAsync(30);

    [Fact]
    [Trait("Category", "Soak")]
    public Task A_thousand_kills_lose_nothing_acknowledged_and_reuse_no_revision() => KillAgainAndAgainAsync(1000);

    private static async Task KillAgainAndAgainAsync(int rounds)
    {
        using var directory = TemporaryDirectory.OnDisk();
        string database = directory.File("state.db");
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        var promises = new CrashPromises();
        for (int round = 0; round < rounds; round++)
        {
            // Some kills fall into opening and recovery, most into writing; every third right into a compaction.
            string until = round % 3 == 0 ? "compacting" : "";
            int lines = random.Next(round % 5 == 4 ? 3 : 400);
            await RunAndKillAsync(database, round, until, lines, TimeSpan.FromMicroseconds(random.Next(3000)), promises);
            await using SqliteStateLog log = SqliteStateLog.Open(database);
            await promises.CheckAsync(log, $"round {round}, seed {seed}");
        }

        // Otherwise the rounds proved nothing.
        Assert.True(promises.Acknowledged > rounds * 20, $"Only {promises.Acknowledged} writes were acknowledged.");
        Assert.True(promises.CompactionsCutOff > 0, "No kill fell into a compaction.");
    }

    private static async Task RunAndKillAsync(
        string database, int round, string until, int lines, TimeSpan later, CrashPromises promises)
    {
        using var writer = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Hnv.StateLog.CrashWriter"), [database, round.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        try
        {
            // Read as promises what was written whole; the kernel keeps what the writer said before it died.
            for (int read = 0; await writer.StandardOutput.ReadLineAsync() is { } line; read++)
            {
                promises.Hear(line);
                if (read >= lines && line.StartsWith(until, StringComparison.Ordinal))
                {
                    break;
                }
            }

            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < later;)
            {
                Thread.SpinWait(20);
            }

            Assert.False(writer.HasExited, "The writer ended by itself.");
        }
        finally
        {
            writer.Kill();
        }

        string[] rest = (await writer.StandardOutput.ReadToEndAsync()).Split('\n');
        Array.ForEach(rest[..^1], promises.Hear);
        await writer.WaitForExitAsync();
    }
}
