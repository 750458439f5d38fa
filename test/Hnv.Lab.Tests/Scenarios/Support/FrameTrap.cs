using System.Collections.Immutable;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>A frame that arrived somewhere.</summary>
internal sealed record CaughtFrame(string Where, byte[] Bytes)
{
    public override string ToString() => $"at {Where}: {Convert.ToHexString(Bytes)}";
}

/// <summary>
/// Catches what arrives: in VMs every incoming frame; on hosts what the data plane has let through to the host's own stack from an
/// interface. (A socket for one protocol gets its frames behind the tc programs; one for all protocols would get them before.)
/// </summary>
internal sealed class FrameTrap : IDisposable
{
    private readonly List<(string Where, PacketSocket Socket)> _sockets = [];

    /// <summary>Catches in a VM.</summary>
    public FrameTrap In(LabVm vm)
    {
        foreach (LabAdapterSpec adapter in vm.Spec.Adapters)
        {
            _sockets.Add(($"{vm.Name}/{adapter.Name}", vm.OpenPacketSocket(adapter.Name, new PacketSocketOptions { IgnoreOutgoing = true })));
        }

        return this;
    }

    /// <summary>Catches what an interface of a host hands up to the host's stack.</summary>
    public FrameTrap BehindPrograms(LabHost host, string interfaceName, params IEnumerable<ushort> protocols)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(host.Namespace);
        using Rtnetlink links = Rtnetlink.Of(inside);
        int index = links.GetLink(interfaceName).Index;
        foreach (ushort protocol in protocols)
        {
            _sockets.Add(($"{host.Name}/{interfaceName} ({protocol:x4})", PacketSocket.Open(inside, index, new PacketSocketOptions { Protocol = protocol })));
        }

        return this;
    }

    /// <summary>What has arrived since the last call.</summary>
    public ImmutableArray<CaughtFrame> Drain()
    {
        var caught = ImmutableArray.CreateBuilder<CaughtFrame>();
        foreach ((string where, PacketSocket socket) in _sockets)
        {
            while (socket.Receive(TimeSpan.Zero) is { } frame)
            {
                caught.Add(new CaughtFrame(where, frame));
            }
        }

        return caught.ToImmutable();
    }

    public void Dispose() => _sockets.ForEach(s => s.Socket.Dispose());
}
