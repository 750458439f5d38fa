
namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// Open vSwitch at the other end, in every form. Its <c>gre</c> ports compare the whole key: VSID · 256 with a FlowID of zero (RFC 7637 section 3.2).
/// </summary>
[Collection<MixedCollection>]
public sealed class OpenVSwitchTests(MixedLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Fact]
    public async Task OpenVSwitch_IsAPeerInEveryForm_BothWays()
    {
        await using Stranger at = await Stranger.AttachAsync(Lab, "ovs");
        await using OpenVSwitch ovs = await OpenVSwitch.StartAsync(at, $"{MixedLab.Switch4}/24", $"{MixedLab.Switch6}/64");
        foreach ((int number, string type, string remote, uint key) in ((int, string, string, uint)[])
            [
                (91, "gre", MixedLab.Both4, MixedLab.Nvgre << 8), (92, "vxlan", MixedLab.Both4, MixedLab.Vxlan),
                (93, "gre", MixedLab.Both6, MixedLab.Nvgre << 8), (94, "vxlan", MixedLab.Both6, MixedLab.Vxlan),
            ])
        {
            Customer customer = MixedLab.Customers[number];
            string netns = await ovs.AddTunnelAsync(customer, type, remote, key, mtu: 1400);
            LabVm vm = Lab.Vm(customer.Network + "hb");
            try
            {
                await ForeignTraffic.AssertPassesAsync(vm, netns, customer);
                await ForeignTraffic.AssertGroupsPassAsync([vm], netns, "eth0", customer);
            }
            catch (Exception e)
            {
                throw new LabException($"{type} to {remote}: {e.Message}\n{ovs.LastWords()}", e);
            }
        }
    }
}
