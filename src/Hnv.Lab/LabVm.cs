using System.Diagnostics;
using System.Net;
using Hnv.Lab.Machine;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Lab;

/// <summary>A VM of a running lab.</summary>
public sealed class LabVm
{
    private readonly LabWiring _wiring;

    internal LabVm(LabVmSpec spec, LabWiring wiring)
    {
        Spec = spec;
        _wiring = wiring;
    }

    public LabVmSpec Spec { get; }

    public string Name => Spec.Name;

    /// <summary>Name of its network namespace.</summary>
    public string Namespace => _wiring.NamespaceOf(Name);

    /// <summary>Its first IPv4 address.</summary>
    public IPAddress Address4 => First(System.Net.Sockets.AddressFamily.InterNetwork);

    /// <summary>Its first IPv6 address.</summary>
    public IPAddress Address6 => First(System.Net.Sockets.AddressFamily.InterNetworkV6);

    /// <summary>Runs a program in the VM to its end.</summary>
    public Task<CommandResult> ExecAsync(params string[] command) => LabMachine.ExecAsync(Namespace, command);

    /// <summary>Runs a program in the VM to its end; cancelling ends it.</summary>
    public Task<CommandResult> ExecAsync(IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        LabMachine.ExecAsync(Namespace, command, cancellationToken);

    /// <summary>
    /// Starts a program in the VM that goes on (a server, traffic); outputs are redirected. Dispose the answer: that ends the program.
    /// </summary>
    public LabProgram Start(params string[] command) => LabProgram.Start(LabMachine.Inside(Namespace, command));

    /// <summary>Whether the VM gets answers from an address: up to <paramref name="tries"/> pings, a second each.</summary>
    public async Task<bool> CanPingAsync(IPAddress address, int tries = 3, int size = 56)
    {
        ArgumentNullException.ThrowIfNull(address);
        for (int i = 0; i < tries; i++)
        {
            if ((await ExecAsync("ping", "-n", "-c", "1", "-W", "1", "-s", size.ToString(), address.ToString())).ExitCode == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Opens an adapter of the VM for capture and injection of whole frames.</summary>
    public PacketSocket OpenPacketSocket(string interfaceName = "eth0", PacketSocketOptions? options = null) =>
        LabMachine.OpenPacketSocket(Namespace, interfaceName, options);

    /// <summary>Links, addresses and routes of the VM.</summary>
    public Rtnetlink OpenNetlink() => LabMachine.OpenNetlink(Namespace);

    /// <summary>
    /// The addresses that an adapter has now, link-local ones and those that are still being checked for duplicates excepted: where the VM
    /// configures itself the lab file does not know them.
    /// </summary>
    public IReadOnlyList<IPAddress> ReadAddresses(LabAdapterSpec adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (!adapter.ConfiguresItself || !NetworkNamespace.Exists(Namespace))
        {
            return [.. adapter.Addresses.Select(a => a.Address)];
        }

        using Rtnetlink links = OpenNetlink();
        return links.FindLink(adapter.Name) is { } link
            ? [.. links.GetAddresses(link.Index).Where(a => !a.Address.IsIPv6LinkLocal && !a.Flags.HasFlag(AddressFlags.Tentative)).Select(a => a.Address)]
            : [];
    }

    /// <summary>Deletes an adapter, as if the VM stopped; the port's interface on the host goes with it.</summary>
    public bool Unplug(string interfaceName = "eth0") => _wiring.DeleteLink(Name, interfaceName);

    /// <summary>Makes the adapters again where they are missing, as if the VM started.</summary>
    public void Plug() => _wiring.EnsureVm(Spec);

    private IPAddress First(System.Net.Sockets.AddressFamily family) =>
        Spec.Adapters.SelectMany(a => a.Addresses).FirstOrDefault(a => a.Address.AddressFamily == family)?.Address
        ?? throw new LabException($"VM {Name} has no {family} address.");
}

/// <summary>A program that runs in a machine of the lab until it ends or this is disposed.</summary>
public sealed class LabProgram : IAsyncDisposable
{
    private readonly Process _process;

    private LabProgram(Process process) => _process = process;

    /// <summary>What it writes.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>What it complains of.</summary>
    public StreamReader Error => _process.StandardError;

    /// <summary>What it reads.</summary>
    public StreamWriter Input => _process.StandardInput;

    public bool HasExited => _process.HasExited;

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellationToken = default)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    internal static LabProgram Start(IReadOnlyList<string> command) => new(Command.Start(new ProcessStartInfo(command[0], command.Skip(1))
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    }));
}
