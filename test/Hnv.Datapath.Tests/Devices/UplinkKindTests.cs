using System.Net;
using System.Net.Sockets;
using System.Text;
using Hnv.Datapath.Reading;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// Uplinks of every kind that has an Ethernet header carry tenants' frames and the host's own: here those that every kernel has.
/// </summary>
[Collection(KernelDeliveryTests.Collection)]
public sealed class UplinkKindTests(KernelDeliveryTests.Cloud cloud)
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Kinds { get; } = Each(ProviderNetwork.Plain, ProviderNetwork.Bridge, ProviderNetwork.Macvlan);

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Uplink_OfAnyKind_CarriesFramesBothWaysAndTheHostsOwn(string kind, string form) => CarriesAsync(cloud, kind, form);

    internal static async Task CarriesAsync(KernelDeliveryTests.Cloud cloud, string kind, string form)
    {
        KernelDeliveryTests.Site site = cloud[form];
        DeviceAdapter far = site.Far, veth = site.Near("veth"), tap = site.Near("tap");
        AddressFamily provider = far.Subnet.Form.Family;
        using var network = new ProviderNetwork(cloud.Lab, kind, provider, far, veth, tap);
        VerdictCounter sent = cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated);

        foreach (DeviceAdapter near in (DeviceAdapter[])[veth, tap])
        {
            await KernelDeliveryTests.TransferAsync(far, near, AddressFamily.InterNetwork);
            await KernelDeliveryTests.TransferAsync(near, far, AddressFamily.InterNetworkV6);
        }

        foreach ((DeviceAdapter from, DeviceAdapter to) in (ReadOnlySpan<(DeviceAdapter, DeviceAdapter)>)[(far, veth), (veth, far)])
        {
            using PacketSocket sender = KernelDeliveryTests.Socket(from), receiver = KernelDeliveryTests.Socket(to);
            foreach (AddressFamily family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                foreach (int payload in (ReadOnlySpan<int>)[0, 1, 1300])
                {
                    KernelDeliveryTests.Passes(
                        sender, PacketBuilder.Ethernet(from.Mac, to.Mac).Ip(from.Address(family), to.Address(family)).Udp(4000, 5000).Payload(payload).ToArray(), receiver);
                }

                KernelDeliveryTests.Passes(sender, KernelDeliveryTests.Question(from, to, family), receiver);
            }
        }

        Assert.True(cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated).Packets > sent.Packets + 20);
        await HostsReachAsync(cloud.Lab.A, ProviderNetwork.Address(provider, 1), cloud.Lab.B, ProviderNetwork.Address(provider, 2));
        await HostsReachAsync(cloud.Lab.B, ProviderNetwork.Address(provider, 2), cloud.Lab.A, ProviderNetwork.Address(provider, 1));
    }

    /// <summary>What is not ours is the host's: a datagram, without any help of the data plane.</summary>
    internal static async Task HostsReachAsync(DeviceHost from, IPAddress source, DeviceHost to, IPAddress destination)
    {
        using Socket sender = Datagrams(from, source), receiver = Datagrams(to, destination);
        byte[] buffer = new byte[16];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_deadline);
        await sender.SendToAsync(new byte[] { 1, 2, 3 }, receiver.LocalEndPoint!, deadline.Token);
        Assert.Equal(3, await receiver.ReceiveAsync(buffer, deadline.Token));
    }

    private static Socket Datagrams(DeviceHost host, IPAddress address) => host.Namespace.Run(() =>
    {
        const int socketLevel = 1, bindToDevice = 25; // SOL_SOCKET, SO_BINDTODEVICE
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (host.Route.FindLink(ProviderNetwork.VrfDevice) is not null)
        {
            socket.SetRawSocketOption(socketLevel, bindToDevice, Encoding.ASCII.GetBytes(ProviderNetwork.VrfDevice));
        }

        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    });

    /// <summary>Both encapsulations, both families of provider addresses.</summary>
    private static MatrixTheoryData<string, string> Each(params string[] kinds) => new(kinds, ["nvgre4", "vxlan6"]);
}
