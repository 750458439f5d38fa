using System.Net;
using System.Text.RegularExpressions;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>A real guest on a tap that QEMU made.</summary>
[Collection<LearningCollection>]
public sealed partial class QemuGuestTests(LearningLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Fact]
    public async Task AGuestGetsItsAddressFromATenantsServerOnAnotherHost_AndReachesIt()
    {
        await using var programs = new GuestPrograms();
        LabVm server = Lab.Vm("server");
        programs.Start(server, "dnsmasq", """
            dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --dhcp-leasefile=leases --pid-file= --user=root
            --dhcp-authoritative --no-ping --dhcp-range=10.0.0.60,10.0.0.69,1h
            """.ReplaceLineEndings(" "));
        string mac = (await Lab.Client.GetAsync(new ResourceId(ResourceKind.Port, "dhcp", "guest"), TestContext.Current.CancellationToken))!.Value.GetProperty("mac").GetString()!;
        await using QemuGuest guest = await QemuGuest.StartAsync(Lab.Host("h3"), "v-guest", mac, server.Address4.ToString());
        await Eventually.TrueAsync(() => guest.Console.Contains($"GUEST reaches {server.Address4}", StringComparison.Ordinal), "the guest reaches the server", () => guest.Console + programs.LastWords());
        IPAddress address = IPAddress.Parse(Given().Match(guest.Console).Groups["address"].Value);
        Assert.InRange(address.GetAddressBytes()[3], 60, 69);
        RecordView? record = null;
        await Eventually.TrueAsync(async () => (record = await Lab.RecordAsync(5001, address)) is { Type: "Dynamic", Unsynchronized: false }, "the controller knows the guest's address");
        Assert.Equal(("h3", mac, AddressSource.Dhcp), (record!.Host, record.Mac.ToString(), record.Source));
        Assert.True(await server.CanPingAsync(address) && await Lab.Vm("rogue").CanPingAsync(address), guest.Console);
    }

    [GeneratedRegex(@"GUEST has (?<address>[\d.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Given();
}
