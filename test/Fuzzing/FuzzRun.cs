using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;

namespace Hnv.Fuzzing;

/// <summary>
/// Gives a parser what a <see cref="Mutator"/> makes, round by round, and fails with the bytes at hand when anything but what the test expects is
/// thrown, when one input takes a minute, or when one takes more memory than any honest one. The bytes are left in a file, for the corpus.
/// </summary>
internal static class FuzzRun
{
    /// <summary>Nothing else is measured in time: so long that a busy machine does not matter, and an endless loop does.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Bytes that reading one input may allocate.</summary>
    private const long MaxAllocation = 64L << 20;

    /// <param name="exercise">Reads the bytes; true: they were understood, false: refused as they should be. What it throws, the test fails with.</param>
    public static void Of(int rounds, Mutator mutator, Func<byte[], bool> exercise) => Of(rounds, mutator, exercise, s_patience, MaxAllocation);

    public static void Of(int rounds, Mutator mutator, Func<byte[], bool> exercise, TimeSpan patience, long maxAllocation)
    {
        byte[] bytes = [];
        int round = 0, understood = 0;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                for (; round < rounds; Interlocked.Increment(ref round))
                {
                    byte[] next = mutator.Next();
                    Volatile.Write(ref bytes, next);
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    understood += exercise(next) ? 1 : 0;
                    long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                    Assert.True(allocated <= maxAllocation, $"{next.Length} bytes took {allocated} bytes of memory.");
                }
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }) { IsBackground = true, Name = "fuzz" };
        thread.Start();
        for (int seen = -1; !thread.Join(patience); seen = Volatile.Read(ref round))
        {
            if (seen == Volatile.Read(ref round))
            {
                Assert.Fail($"One input took longer than {patience}. {About(mutator, seen, Volatile.Read(ref bytes))}");
            }
        }

        if (failure is not null)
        {
            Assert.Fail($"{failure.SourceException}\n{About(mutator, round, bytes)}");
        }

        // A fuzzer that is always refused at the door, or never, finds nothing.
        Assert.True(understood > 0 && understood < rounds, $"{understood} of {rounds} inputs were understood (seed {mutator.Seed}).");
    }

    private static string About(Mutator mutator, int round, byte[] bytes)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("hnv-fuzz-").FullName, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
        File.WriteAllBytes(file, bytes);
        return $"Round {round} of seed {mutator.Seed}: {bytes.Length} bytes, in {file} (mend it, and put them into the corpus):\n{Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 1000)])}";
    }
}
