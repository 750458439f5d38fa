using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>A guest that configures an address, and never says so: it sends data to a neighbour that was entered by hand.</summary>
[Collection<LearningCollection>]
public sealed class MuteGuestTests(LearningLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AGuestThatOnlySendsData_IsAskedForItsAddress_AndIsHeardFromThenOn(bool isIPv6)
    {
        LabVm guest = Lab.Vm("m1"), other = Lab.Vm("m3");
        IPAddress address = IPAddress.Parse(isIPv6 ? "2001:db8:1::171" : "10.0.0.171"), to = isIPv6 ? other.Address6 : other.Address4;
        (await guest.ExecAsync("ip", "neighbour", "replace", to.ToString(), "lladdr", other.Spec.First.Mac.ToString(), "dev", "eth0", "nud", "permanent")).EnsureSuccess();
        (await guest.ExecAsync(["ip", "address", "add", $"{address}/{(isIPv6 ? 64 : 24)}", "dev", "eth0", .. (string[])(isIPv6 ? ["nodad"] : [])])).EnsureSuccess();

        await Eventually.TrueAsync(
            async () => (await guest.ExecAsync("ping", "-n", "-q", "-c", "1", "-W", "1", "-I", address.ToString(), to.ToString())).ExitCode == 0, "data from the address arrives");
        RecordView record = await Lab.HeldAsync(guest, address);
        Assert.Equal(isIPv6 ? AddressSource.Nd : AddressSource.Arp, record.Source);
    }
}
