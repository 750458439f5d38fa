using System.Net;
using Hnv.Datapath;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>Hosts with provider addresses of IPv4, of IPv6 and of both in one VM network.</summary>
[Collection<MixedCollection>]
public sealed class MixedFamilyTests(MixedLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    public static TheoryData<string> Networks => ["nv", "vx"];

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task HostsWithACommonFamily_CarryTcpBothWays(string network)
    {
        LabVm both = Lab.Vm(network + "hb");
        foreach (LabVm other in (LabVm[])[Lab.Vm(network + "h4"), Lab.Vm(network + "h6")])
        {
            foreach ((LabVm from, LabVm to) in ((LabVm, LabVm)[])[(both, other), (other, both)])
            {
                foreach (IPAddress address in (IPAddress[])[to.Address4, to.Address6])
                {
                    Assert.True(await from.CanPingAsync(address, tries: 10), $"{from.Name} to {address}");
                    await Transfer.AssertArrivesAsync(from, to, address, length: 1 << 20);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task HostsWithoutOne_AreRefusedByName(string network)
    {
        foreach ((string here, string there, string provider) in ((string, string, string)[])[("h4", "h6", "fd00:4::12"), ("h6", "h4", "192.168.4.11")])
        {
            LabVm from = Lab.Vm(network + here), to = Lab.Vm(network + there);
            string port = $"{network}/{from.Name}";
            IPAddress address = here == "h4" ? to.Address6 : to.Address4; // The family inside does not matter.
            VerdictCounts before = await VerdictCounts.ReadAsync(Lab, here);
            Assert.False(await from.CanPingAsync(address, tries: 1), $"{from.Name} reached {address}, to which no way leads");
            Assert.Equal(1, (await VerdictCounts.ReadAsync(Lab, here)).Since(before, port)[Verdict.ProviderRouteMissing]);

            CommandResult status = await HnvCommand.RunAsync(Lab, null, "host", "status", here), drops = await HnvCommand.RunAsync(Lab, null, "drops");
            Assert.Contains("No route over an uplink, or no address of the family", status.Output, StringComparison.Ordinal);
            Assert.Contains(provider, status.Output, StringComparison.Ordinal);
            Assert.Contains(drops.Output.Split('\n'), line => line.Contains(port, StringComparison.Ordinal) && line.Contains(nameof(Verdict.ProviderRouteMissing), StringComparison.Ordinal));
        }
    }

    /// <summary>A group frame of a host with both families reaches those of either: encapsulated once, and turned at the uplink.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Broadcast_OfAHostWithBothFamilies_ReachesTheHostsOfEither(string network)
    {
        LabVm both = Lab.Vm(network + "hb");
        LabVm[] others = [Lab.Vm(network + "h4"), Lab.Vm(network + "h6")];
        foreach (LabVm other in others)
        {
            (await other.ExecAsync("sysctl", "-qw", "net.ipv4.icmp_echo_ignore_broadcasts=0")).EnsureSuccess();
        }

        await Eventually.TrueAsync(
            async () =>
            {
                string answers = (await both.ExecAsync("ping", "-n", "-b", "-c", "2", "-i", "0.2", "-W", "1", "10.0.0.255")).Output;
                return others.All(o => answers.Contains($"from {o.Address4}:", StringComparison.Ordinal));
            },
            "VMs at the hosts of both families answer a broadcast");
    }
}
