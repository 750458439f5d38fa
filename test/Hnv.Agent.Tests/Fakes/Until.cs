namespace Hnv.Agent.Tests.Fakes;

/// <summary>Polls a condition that another task or the kernel brings about.</summary>
internal static class Until
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        DateTime end = DateTime.UtcNow + s_limit;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"within {s_limit.TotalSeconds} s it did not come true that {what}");
            await Task.Delay(5);
        }
    }
}
