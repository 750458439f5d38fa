namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Three hosts and one tenant, for tests that change ports and policy; each leaves it as it was.</summary>
public sealed class ChangeLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2", "h3").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]), (5002, ["10.0.1.0/24", "2001:db8:2::/64"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"]).Vm("b2", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"])
            .Vm("c1", "h1", "blue", 5001, ["10.0.0.15", "2001:db8:1::15"]).Vm("c2", "h2", "blue", 5001, ["10.0.0.17", "2001:db8:1::17"])
            .Vm("d3", "h3", "blue", 5002, ["10.0.1.5", "2001:db8:2::5"]).Build(),
        cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();
}

/// <summary>The classes that share a <see cref="ChangeLab"/>.</summary>
[CollectionDefinition]
public sealed class ChangeCollection : ICollectionFixture<ChangeLab>;
