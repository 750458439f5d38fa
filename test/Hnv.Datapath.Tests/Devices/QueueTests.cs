using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Queues and filters that an administrator put on uplinks and ports do their work on what the data plane sends and receives.</summary>
[Collection(KernelDeliveryTests.Collection)]
public sealed partial class QueueTests(KernelDeliveryTests.Cloud cloud)
{
    private const long Transferred = 8 * 256 * 1024;

    private KernelDeliveryTests.Site Site => cloud["nvgre4"];

    [Fact]
    public async Task Uplink_WithAnHtbAndFiltersOfOthers_SendsThroughItAndLeavesThemWhatIsTheHosts()
    {
        (DeviceAdapter far, DeviceAdapter near) = (Site.Far, Site.Near("veth"));
        using var network = new ProviderNetwork(cloud.Lab, ProviderNetwork.Shaped, AddressFamily.InterNetwork, far, near);
        await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
        await KernelDeliveryTests.TransferAsync(near, far, AddressFamily.InterNetworkV6);
        Assert.True(Sent("class", "1:10") > Transferred, Tc("-s class show"));
        Assert.True(Sent("filter", "pref 100 ", "ingress") > Transferred, Tc("-s filter show", "ingress")); // In front of ours: everything.
        Assert.True(Sent("filter", "pref 400 ", "egress") > Transferred, Tc("-s filter show", "egress"));

        long before = Sent("filter", "pref 300 ", "ingress");
        await UplinkKindTests.HostsReachAsync(cloud.Lab.B, ProviderNetwork.Address(AddressFamily.InterNetwork, 2), cloud.Lab.A, ProviderNetwork.Address(AddressFamily.InterNetwork, 1));
        long after = Sent("filter", "pref 300 ", "ingress"); // Behind ours: what is the host's, and nothing of a tenant's.
        Assert.InRange(after, before + 1, Transferred / 8);
    }

    /// <summary>A veth is not left out by bpf_redirect_peer where frames to it are queued.</summary>
    [Theory]
    [InlineData("veth")]
    [InlineData("tap")]
    public async Task Port_WithAnHtb_IsReachedThroughIt(string kind)
    {
        (DeviceAdapter far, DeviceAdapter near) = (Site.Far, Site.Near(kind));
        DeviceHost host = cloud.Lab.B;
        string name = host.Route.FindLink(near.Port)!.Name;
        ProviderNetwork.Run("tc", host, $"qdisc add dev {name} root handle 1: htb default 10");
        try
        {
            ProviderNetwork.Run("tc", host, $"class add dev {name} parent 1: classid 1:10 htb rate 10gbit");
            PortFlags flags = Bind();
            Assert.Equal(kind == "tap" ? PortFlags.Normalise : PortFlags.None, flags);
            await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
            await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetworkV6);
            await KernelDeliveryTests.TransferAsync(Site.Beside, near, AddressFamily.InterNetwork);
            string shown = ProviderNetwork.Run("tc", host, $"-s class show dev {name}");
            Assert.True(SentOf(shown, "1:10") > 3 * Transferred, shown);
        }
        finally
        {
            ProviderNetwork.Run("tc", host, $"qdisc del dev {name} root");
        }

        Assert.Equal(kind == "tap" ? PortFlags.Normalise : PortFlags.Peer, Bind());

        PortFlags Bind() => host.Namespace.Run(() => host.Dataplane.BindPort(new PortBinding(near.Port, near.PortId, host.Rd, near.Subnet.Vsid, near.Mac))).Entry.Flags;
    }

    private string Tc(string command, string direction = "") =>
        ProviderNetwork.Run("tc", cloud.Lab.A, $"{command} dev {ProviderNetwork.Uplink} {direction}".TrimEnd());

    private long Sent(string what, string place, string direction = "") => SentOf(Tc($"-s {what} show", direction), place);

    /// <summary>Bytes of the first statistics behind the last mention of a class or filter.</summary>
    private static long SentOf(string shown, string place) =>
        long.Parse(Statistics().Match(shown[shown.LastIndexOf(place, StringComparison.Ordinal)..]).Groups["n"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Sent (?<n>\d+) bytes", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Statistics();
}
