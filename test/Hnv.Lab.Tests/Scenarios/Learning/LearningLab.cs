using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>
/// Three hosts and subnets that learn and flood, one for each matter, so that classes do not disturb each other.
/// <code>
///              h1                 h2               h3
///   dhcp 5001  server (no port    client1          client2, rogue (guarded),
///              address)                            guest (a port for QEMU)
///   vip  5101  master             backup           client
///   move 5201  a1, a3             a2               c
///   lies 5301  liar, own1         fixed            own3
///   hard 5401  f1                 f2               f3
///   mute 5501  m1                                  m3
/// </code>
/// </summary>
public sealed class LearningLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2", "h3")
            .LearningNetwork("dhcp", 5001)
            .Guest("server", "h1", "dhcp", 5001, own: ["10.0.0.2/24", "2001:db8:1::2/64"])
            .Guest("client1", "h2", "dhcp", 5001)
            .Guest("client2", "h3", "dhcp", 5001)
            .Guest("rogue", "h3", "dhcp", 5001, own: ["10.0.0.3/24", "2001:db8:1::3/64"], more: "dhcpGuard: true\nrouterGuard: true")
            .Document(LearningDocuments.Port("guest", "h3", "dhcp", 5001))
            .LearningNetwork("vip", 5101)
            .Guest("master", "h1", "vip", 5101, ["10.0.0.21", "2001:db8:1::21"])
            .Guest("backup", "h2", "vip", 5101, ["10.0.0.22", "2001:db8:1::22"])
            .Guest("client", "h3", "vip", 5101, ["10.0.0.23", "2001:db8:1::23"])
            .LearningNetwork("move", 5201)
            .Guest("a1", "h1", "move", 5201, ["10.0.0.31", "2001:db8:1::31"])
            .Guest("a2", "h2", "move", 5201, ["10.0.0.32", "2001:db8:1::32"])
            .Guest("a3", "h1", "move", 5201, ["10.0.0.33", "2001:db8:1::33"])
            .Guest("c", "h3", "move", 5201, ["10.0.0.34", "2001:db8:1::34"])
            .LearningNetwork("lies", 5301)
            .Guest("liar", "h1", "lies", 5301, ["10.0.0.66", "2001:db8:1::66"], more: "dynamicAddressLimit: 16\nstormLimit: 2000")
            .Guest("own1", "h1", "lies", 5301, own: ["10.0.0.51/24", "2001:db8:1::51/64"])
            .Guest("fixed", "h2", "lies", 5301, ["10.0.0.42", "2001:db8:1::42"])
            .Guest("own3", "h3", "lies", 5301, own: ["10.0.0.53/24", "2001:db8:1::53/64"])
            .LearningNetwork("hard", 5401)
            .Guest("f1", "h1", "hard", 5401, own: ["10.0.0.11/24", "2001:db8:1::11/64"], more: "dynamicAddressLimit: 200")
            .Guest("f2", "h2", "hard", 5401, own: ["10.0.0.12/24", "2001:db8:1::12/64"])
            .Guest("f3", "h3", "hard", 5401, own: ["10.0.0.13/24", "2001:db8:1::13/64"])
            .LearningNetwork("mute", 5501)
            .Guest("m1", "h1", "mute", 5501, ["10.0.0.71", "2001:db8:1::71"])
            .Guest("m3", "h3", "mute", 5501, ["10.0.0.73", "2001:db8:1::73"])
            .Build(),
        cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();
}

/// <summary>The classes that share a <see cref="LearningLab"/>.</summary>
[CollectionDefinition]
public sealed class LearningCollection : ICollectionFixture<LearningLab>;
