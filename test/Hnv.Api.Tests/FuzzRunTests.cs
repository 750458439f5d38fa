using Hnv.Fuzzing;
using Xunit.Sdk;

namespace Hnv.Api.Tests;

/// <summary>The fuzzers fail when a parser does.</summary>
public sealed class FuzzRunTests
{
    private static readonly byte[][] s_samples = ["{\"a\":[1,2]}"u8.ToArray(), "key: value\n"u8.ToArray(), [0, 1, 2, 3, 255]];

    private static bool IsEven(byte[] bytes) => bytes.Length % 2 == 0;

    [Fact]
    public void Of_AParserThatThrows_FailsWithTheBytes()
    {
        XunitException e = Assert.ThrowsAny<XunitException>(() => FuzzRun.Of(2_000, new Mutator(7, s_samples), static b => b is [.., 0xff, _] ? throw new InvalidOperationException("boom") : IsEven(b)));
        Assert.Contains("boom", e.Message, StringComparison.Ordinal);
        Assert.Contains("of seed 7", e.Message, StringComparison.Ordinal);
        string file = e.Message[(e.Message.IndexOf(" in ", e.Message.IndexOf("of seed", StringComparison.Ordinal), StringComparison.Ordinal) + 4)..].Split(' ')[0];
        Assert.Equal(0xff, File.ReadAllBytes(file)[^2]);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public void Of_AParserThatNeverEnds_Fails()
    {
        using var never = new ManualResetEventSlim();
        XunitException e = Assert.ThrowsAny<XunitException>(() => FuzzRun.Of(10, new Mutator(7, s_samples), _ =>
        {
            never.Wait(CancellationToken.None);
            return true;
        }, TimeSpan.FromMilliseconds(20), long.MaxValue));
        never.Set();
        Assert.Contains("took longer", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_AParserThatTakesMemoryWithoutBound_Fails() => Assert.Contains(
        "of memory", Assert.ThrowsAny<XunitException>(static () => FuzzRun.Of(10, new Mutator(7, s_samples), static b => new byte[1 << 20].Length > b.Length, TimeSpan.FromMinutes(1), 1 << 16)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_AParserThatTakesOrRefusesEverything_Fails(bool takes) =>
        Assert.Contains("were understood", Assert.ThrowsAny<XunitException>(() => FuzzRun.Of(100, new Mutator(7, s_samples), _ => takes)).Message, StringComparison.Ordinal);

    [Fact]
    public void Next_OfTheSameSeed_IsTheSame()
    {
        Mutator one = new(42, s_samples, "word"), other = new(42, s_samples, "word");
        byte[][] made = [.. Enumerable.Range(0, 500).Select(_ => one.Next())];
        Assert.All(made, bytes => Assert.Equal(bytes, other.Next()));
        Assert.True(made.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count() > 300);
        Assert.Equal("{\"a\":[1,2]}"u8, s_samples[0]);
    }
}
