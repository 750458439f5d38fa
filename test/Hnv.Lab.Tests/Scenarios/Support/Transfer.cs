using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Bulk data over TCP between VMs, with kernel sockets of their namespaces. Equality is that of the SHA-256 of the content.</summary>
internal static class Transfer
{
    /// <summary>Enough for many super-packets and a few windows.</summary>
    public const int Bulk = 8 << 20;

    /// <summary>Sends random bytes from one VM to an address and has another receive them.</summary>
    /// <param name="address">The receiver's; it listens on no other.</param>
    /// <param name="length">Bytes.</param>
    public static Task AssertArrivesAsync(LabVm from, LabVm to, IPAddress address, int length = Bulk) => AssertArrivesAsync(from.Namespace, to.Namespace, address, length);

    /// <summary>The same between network namespaces.</summary>
    public static async Task AssertArrivesAsync(string from, string to, IPAddress address, int length = Bulk)
    {
        byte[] content = RandomNumberGenerator.GetBytes(length);
        string received = await SendAsync(from, to, address, content);
        Assert.True(received == Hash(content), $"{length} bytes from {from} to {to} at {address} arrived as others.");
    }

    /// <summary>Sends content, and returns the hash of what arrived.</summary>
    public static Task<string> SendAsync(LabVm from, LabVm to, IPAddress address, byte[] content, int port = 0) => SendAsync(from.Namespace, to.Namespace, address, content, port);

    private static async Task<string> SendAsync(string from, string to, IPAddress address, byte[] content, int port = 0)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Eventually.Patience);
        using Socket listener = Open(to, address.AddressFamily);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen();
        Task<string> receiving = ReceiveAsync(listener, deadline.Token);
        try
        {
            using Socket sender = Open(from, address.AddressFamily);
            await sender.ConnectAsync(listener.LocalEndPoint!, deadline.Token);
            for (int sent = 0; sent < content.Length;)
            {
                sent += await sender.SendAsync(content.AsMemory(sent), deadline.Token);
            }

            sender.Shutdown(SocketShutdown.Send);
            return await receiving;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            await deadline.CancelAsync();
            throw new LabException($"TCP from {from} to {to} at {address}: {e.Message}", e);
        }
    }

    public static string Hash(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    private static async Task<string> ReceiveAsync(Socket listener, CancellationToken cancellationToken)
    {
        using Socket connection = await listener.AcceptAsync(cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 17];
        int length;
        while ((length = await connection.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, length);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static Socket Open(string netns, AddressFamily family)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        return inside.Run(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
    }
}
