using System.Net.Sockets;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Others' filters at a port that come with modules of the kernel; explicit as <see cref="ModuleUplinkTests"/> are.</summary>
[Collection(KernelDeliveryTests.Collection)]
public sealed class ModulePortTests(KernelDeliveryTests.Cloud cloud)
{
    /// <summary>As libvirt does for <c>&lt;outbound&gt;</c>, before the port is bound: an ingress qdisc, and a policer whose priority the kernel chooses.</summary>
    [Fact(Explicit = true)]
    public async Task PolicerOfLibvirt_BehindOurFilter_SeesNothing()
    {
        (DeviceAdapter far, DeviceAdapter near, DeviceHost host) = (cloud["nvgre4"].Far, cloud["nvgre4"].Near("veth"), cloud.Lab.A);
        string port = host.Route.FindLink(far.Port)!.Name;
        Assert.True(host.Namespace.Run(() => host.Dataplane.UnbindPort(far.Port)));
        Tc("qdisc", "del", "clsact"); // Which a new interface does not have.
        Tc("qdisc", "add", "ingress");
        try
        {
            Tc("filter", "add", "parent ffff: protocol all u32 match u32 0 0 police rate 8kbit burst 2kb mtu 64kb drop flowid :1");
            host.AddAdapter(far);
            host.Apply();
            await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
            Assert.Contains("Sent 0 bytes 0 pkt", Tc("-s filter", "show", "ingress"), StringComparison.Ordinal);
        }
        finally
        {
            host.Namespace.Run(() => host.Dataplane.UnbindPort(far.Port));
            Tc("qdisc", "del", "ingress");
            host.AddAdapter(far);
            host.Apply();
        }

        string Tc(string what, string verb, string rest) => ProviderNetwork.Run("tc", host, $"{what} {verb} dev {port} {rest}");
    }
}
