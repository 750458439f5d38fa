using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hnv.Linux.Namespaces;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>
/// A service at one address that several VMs are ready to give, and a client that asks it all the time and never does anything else. The answers
/// tell who gave them, from that address.
/// </summary>
internal sealed class ServiceFlow : IAsyncDisposable
{
    private const int FreeBind4 = 15; // IP_FREEBIND
    private const int FreeBind6 = 78; // IPV6_FREEBIND
    private const ushort Port = 4242;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _tasks = [];
    private readonly string _name;

    public ServiceFlow(LabVm client, IPAddress address, params IEnumerable<LabVm> servers)
    {
        _name = $"{client.Name} → {address}";
        foreach (LabVm vm in servers)
        {
            Socket server = Open(vm, address.AddressFamily);
            server.SetRawSocketOption(
                address.AddressFamily == AddressFamily.InterNetwork ? 0 : 41, address.AddressFamily == AddressFamily.InterNetwork ? FreeBind4 : FreeBind6, BitConverter.GetBytes(1));
            server.Bind(new IPEndPoint(address, Port));
            _tasks.Add(Task.Run(() => ServeAsync(server, vm.Name)));
        }

        Socket asking = Open(client, address.AddressFamily);
        asking.Connect(new IPEndPoint(address, Port)); // Only answers from there count.
        _tasks.Add(Task.Run(() => AskAsync(asking)));
        _tasks.Add(Task.Run(() => HearAsync(asking)));
    }

    /// <summary>Waits until a VM has given further answers.</summary>
    public async Task IsServedByAsync(LabVm vm, Func<string>? details = null, int answers = 10)
    {
        int goal = _answers.GetValueOrDefault(vm.Name) + answers;
        await Eventually.TrueAsync(
            () => _answers.GetValueOrDefault(vm.Name) >= goal, $"{_name} is answered by {vm.Name}", () => $"({string.Join(", ", _answers)})\n{details?.Invoke()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sockets.ForEach(s => s.Dispose());
        _stop.Dispose();
    }

    private async Task ServeAsync(Socket socket, string name)
    {
        byte[] buffer = new byte[16];
        EndPoint any = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                SocketReceiveFromResult asked = await socket.ReceiveFromAsync(buffer, any, _stop.Token);
                await socket.SendToAsync(Encoding.ASCII.GetBytes(name), asked.RemoteEndPoint, _stop.Token);
            }
            catch (SocketException)
            {
                // The address left this VM in this moment.
            }
        }
    }

    private async Task AskAsync(Socket socket)
    {
        while (true)
        {
            try
            {
                await socket.SendAsync("who?"u8.ToArray(), _stop.Token);
            }
            catch (SocketException)
            {
                // Told that nobody is there, or that nobody listens: it asks again.
            }

            await Task.Delay(5, _stop.Token);
        }
    }

    private async Task HearAsync(Socket socket)
    {
        byte[] buffer = new byte[64];
        while (true)
        {
            try
            {
                int length = await socket.ReceiveAsync(buffer, _stop.Token);
                _answers.AddOrUpdate(Encoding.ASCII.GetString(buffer, 0, length), 1, (_, n) => n + 1);
            }
            catch (SocketException)
            {
                // As above.
            }
        }
    }

    private Socket Open(LabVm vm, AddressFamily family)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(vm.Namespace);
        Socket socket = inside.Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));
        _sockets.Add(socket);
        return socket;
    }
}
