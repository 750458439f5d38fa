namespace Hnv.Lab.Tests;

/// <summary>Before the first test: what earlier runs left that were cut off.</summary>
public sealed class Leftovers : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await AbandonedLabs.RemoveAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => default;
}
