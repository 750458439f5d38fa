using System.Diagnostics;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Waits for what other processes bring about: looks again until it is so, or the time is up.</summary>
internal static class Eventually
{
    /// <summary>Longer than anything takes on a busy machine; a passing test never waits that long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="what">The condition in words, for the failure's message.</param>
    public static Task TrueAsync(Func<bool> condition, string what, Func<string>? details = null) => TrueAsync(() => Task.FromResult(condition()), what, details);

    /// <summary>Waits until a condition holds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, Func<string>? details = null)
    {
        long since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"Not so after {Patience.TotalSeconds:0} s: {what} {details?.Invoke()}");
            await Task.Delay(s_pause, TestContext.Current.CancellationToken);
        }
    }
}
