using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Keeps a UDP port of a VM open in both families and reads nothing: then what comes there gets no answer.</summary>
internal sealed class UdpSink : IDisposable
{
    private readonly Socket[] _sockets;

    public UdpSink(LabVm vm, ushort port)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(vm.Namespace);
        _sockets = inside.Run(() => new[]
        {
            new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp), new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp),
        });
        _sockets[0].Bind(new IPEndPoint(IPAddress.Any, port));
        _sockets[1].Bind(new IPEndPoint(IPAddress.IPv6Any, port));
    }

    public void Dispose() => Array.ForEach(_sockets, s => s.Dispose());
}
