using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Hnv.Linux.Namespaces;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Random bytes over TCP from one namespace to another; what arrives must be what was sent.</summary>
internal static class TcpTransfer
{
    private const int Block = 256 * 1024;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(NetworkNamespace from, IPAddress source, NetworkNamespace to, IPAddress destination, int blocks = 64, TimeSpan? within = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(within ?? s_deadline);
        using Socket listener = Open(to, destination);
        listener.Listen();
        using Socket client = Open(from, source);
        Task<Socket> accepting = listener.AcceptAsync(deadline.Token).AsTask();
        await client.ConnectAsync(listener.LocalEndPoint!, deadline.Token);
        using Socket server = await accepting;
        Task<byte[]> receiving = ReceiveAsync(server, deadline.Token);
        byte[] sent = await SendAsync(client, blocks, deadline.Token);
        Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(await receiving));
    }

    private static Socket Open(NetworkNamespace place, IPAddress address) => place.Run(() =>
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    });

    private static async Task<byte[]> SendAsync(Socket socket, int blocks, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[Block];
        for (int i = 0; i < blocks; i++)
        {
            RandomNumberGenerator.Fill(block);
            hash.AppendData(block);
            for (int done = 0; done < block.Length;)
            {
                done += await socket.SendAsync(block.AsMemory(done), cancellation);
            }
        }

        socket.Shutdown(SocketShutdown.Send);
        return hash.GetHashAndReset();
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[Block];
        for (int length; (length = await socket.ReceiveAsync(block, cancellation)) > 0;)
        {
            hash.AppendData(block, 0, length);
        }

        return hash.GetHashAndReset();
    }
}
