using System.Net;
using Hnv.Lab.Topology;
using Hnv.Model.Addressing;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// Two hosts. The VM "evil" of the tenant blue shares host h1 with a neighbour (b1) and another tenant (r1, r9); the tenant red has
/// the addresses and MACs of blue once more. The tenant green lives on h2 alone.
/// </summary>
public sealed class IsolationLab : IAsyncLifetime
{
    public const uint Blue = 5001, Red = 6001, RedOther = 6002, Green = 7001;
    public const string EvilPort = "blue/evil";

    public static readonly MacAddress EvilMac = MacAddress.Parse("06:06:00:00:00:66");
    public static readonly MacAddress Mac1 = MacAddress.Parse("06:06:00:00:00:05");
    public static readonly MacAddress Mac2 = MacAddress.Parse("06:06:00:00:00:07");
    public static readonly MacAddress Red9Mac = MacAddress.Parse("06:06:00:00:99:09");
    public static readonly MacAddress GreenMac = MacAddress.Parse("06:06:00:00:77:02");

    public static readonly IPAddress Evil4 = IPAddress.Parse("10.0.0.66"), Evil6 = IPAddress.Parse("2001:db8:1::66");
    public static readonly IPAddress One4 = IPAddress.Parse("10.0.0.5"), One6 = IPAddress.Parse("2001:db8:1::5");
    public static readonly IPAddress Two4 = IPAddress.Parse("10.0.0.7"), Two6 = IPAddress.Parse("2001:db8:1::7");
    public static readonly IPAddress Red9 = IPAddress.Parse("10.0.9.9"), Green2 = IPAddress.Parse("10.7.0.2");
    public static readonly IPAddress Gateway4 = IPAddress.Parse("10.0.0.1"), Gateway6 = IPAddress.Parse("2001:db8:1::1");
    public static readonly IPAddress Pa1 = IPAddress.Parse("192.168.4.11"), Pa2 = IPAddress.Parse("192.168.4.12");

    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        string[] prefixes = ["10.0.0.0/24", "2001:db8:1::/64"], one = ["10.0.0.5", "2001:db8:1::5"], two = ["10.0.0.7", "2001:db8:1::7"];
        LabTopology topology = new LabBuilder().Hosts("h1", "h2")
            .Network("blue", (Blue, prefixes)).Network("red", (Red, prefixes), (RedOther, ["10.0.9.0/24"])).Network("green", (Green, ["10.7.0.0/24"]))
            .Vm("evil", "h1", "blue", Blue, ["10.0.0.66", "2001:db8:1::66"], EvilMac.ToString())
            .Vm("b1", "h1", "blue", Blue, one, Mac1.ToString()).Vm("b2", "h2", "blue", Blue, two, Mac2.ToString())
            .Vm("r1", "h1", "red", Red, one, Mac1.ToString()).Vm("r2", "h2", "red", Red, two, Mac2.ToString())
            .Vm("r9", "h1", "red", RedOther, ["10.0.9.9"], Red9Mac.ToString())
            .Vm("g2", "h2", "green", Green, ["10.7.0.2"], GreenMac.ToString())
            .Build();
        Lab = await NetworkLab.StartAsync(topology, cancellationToken: TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();
}
