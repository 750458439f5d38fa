using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests;

/// <summary>The default topology, started once for the tests that only look.</summary>
public sealed class DefaultLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Lab = await NetworkLab.StartAsync(LabTopology.Default, cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Lab.DisposeAsync();
}
