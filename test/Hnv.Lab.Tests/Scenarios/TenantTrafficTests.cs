using System.Net;
using System.Security.Cryptography;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>What tenants do with their networks: equal addresses, tunnels of their own, VMs behind taps.</summary>
[Collection<TrafficCollection>]
public sealed class TenantTrafficTests(TrafficLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EqualAddressesMacsAndTcpPortsOfTwoTenants_AtTheSameTime_EachGetItsOwnContent(bool v6)
    {
        LabVm blue = Lab.Vm("b2"), red = Lab.Vm("r2");
        IPAddress address = v6 ? blue.Address6 : blue.Address4;
        Assert.Equal(address, v6 ? red.Address6 : red.Address4);
        Assert.Equal(blue.Spec.First.Mac, red.Spec.First.Mac);
        byte[] ofBlue = RandomNumberGenerator.GetBytes(Transfer.Bulk), ofRed = RandomNumberGenerator.GetBytes(Transfer.Bulk);
        const int port = 8080;
        string[] arrived = await Task.WhenAll(
            Transfer.SendAsync(Lab.Vm("b1"), blue, address, ofBlue, port), Transfer.SendAsync(Lab.Vm("r1"), red, address, ofRed, port));
        Assert.Equal([Transfer.Hash(ofBlue), Transfer.Hash(ofRed)], arrived);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ATenantsOwnVxlan_CarriesTcpWhole(bool v6)
    {
        LabVm one = Lab.Vm("b1"), two = Lab.Vm("b2");
        (LabVm Vm, LabVm Peer, int Number)[] ends = [(one, two, 1), (two, one, 2)];
        try
        {
            foreach ((LabVm vm, LabVm peer, int number) in ends)
            {
                string local = (v6 ? vm.Address6 : vm.Address4).ToString(), remote = (v6 ? peer.Address6 : peer.Address4).ToString();
                (await vm.ExecAsync("ip", "link", "add", "vx0", "type", "vxlan", "id", "42", "dstport", "4789", "local", local, "remote", remote, "dev", "eth0")).EnsureSuccess();
                // The tenant knows of its tunnel, not of ours: outer headers of its own, and the path MTU of 1458.
                (await vm.ExecAsync("ip", "link", "set", "vx0", "mtu", "1380", "up")).EnsureSuccess();
                (await vm.ExecAsync("ip", "address", "add", $"192.168.77.{number}/24", "dev", "vx0")).EnsureSuccess();
            }

            await Transfer.AssertArrivesAsync(one, two, IPAddress.Parse("192.168.77.2"));
            await Transfer.AssertArrivesAsync(two, one, IPAddress.Parse("192.168.77.1"));
        }
        finally
        {
            foreach ((LabVm vm, _, _) in ends)
            {
                _ = await vm.ExecAsync("ip", "link", "del", "vx0");
            }
        }
    }

    [Theory]
    [InlineData("tap1", "b1", false)] // on one host
    [InlineData("tap1", "b1", true)]
    [InlineData("tap1", "b2", false)] // across hosts
    [InlineData("tap1", "b2", true)]
    [InlineData("tap1", "tap2", false)]
    [InlineData("tap1", "tap2", true)]
    public async Task ATapVm_ExchangesBulkTcpBothWays(string one, string other, bool v6)
    {
        LabVm a = Lab.Vm(one), b = Lab.Vm(other);
        Assert.Equal(LabDevice.Tap, a.Spec.First.Device);
        Assert.True(await a.CanPingAsync(v6 ? b.Address6 : b.Address4, tries: 10));
        await Transfer.AssertArrivesAsync(a, b, v6 ? b.Address6 : b.Address4);
        await Transfer.AssertArrivesAsync(b, a, v6 ? a.Address6 : a.Address4);
    }
}
