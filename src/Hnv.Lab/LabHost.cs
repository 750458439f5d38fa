using Hnv.Lab.Machine;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Lab;

/// <summary>A host of a running lab.</summary>
public sealed class LabHost
{
    private readonly LabWiring _wiring;

    internal LabHost(LabHostSpec spec, LabWiring wiring, LabDaemon agent, string directory)
    {
        Spec = spec;
        _wiring = wiring;
        Agent = agent;
        Directory = directory;
    }

    public LabHostSpec Spec { get; }

    public string Name => Spec.Name;

    /// <summary>Name of its network namespace.</summary>
    public string Namespace => _wiring.NamespaceOf(Name);

    /// <summary>Its agent's process: kill it, restart it, read its log.</summary>
    public LabDaemon Agent { get; }

    /// <summary>The agent's state directory.</summary>
    public string Directory { get; }

    /// <summary>Runs a program on the host to its end.</summary>
    public Task<CommandResult> ExecAsync(params string[] command) => LabMachine.ExecAsync(Namespace, command);

    /// <summary>Starts a program on the host that goes on (a hypervisor); outputs are redirected. Dispose the answer: that ends the program.</summary>
    public LabProgram Start(params string[] command) => LabProgram.Start(LabMachine.Inside(Namespace, command));

    /// <summary>Opens an interface of the host for capture and injection of whole frames.</summary>
    public PacketSocket OpenPacketSocket(string interfaceName, PacketSocketOptions? options = null) =>
        LabMachine.OpenPacketSocket(Namespace, interfaceName, options);

    /// <summary>Links, addresses and routes of the host.</summary>
    public Rtnetlink OpenNetlink() => LabMachine.OpenNetlink(Namespace);

    /// <summary>Deletes an interface, as a hypervisor does when a VM stops; a VM's cable goes with both ends.</summary>
    /// <returns>False when there was none.</returns>
    public bool DeleteLink(string interfaceName) => _wiring.DeleteLink(Name, interfaceName);

    /// <summary>Makes the uplinks again where they are missing.</summary>
    public void RepairUplinks() => _wiring.EnsureHost(Spec);
}

/// <summary>What hosts and VMs have in common.</summary>
internal static class LabMachine
{
    /// <summary><c>ip netns exec</c>, so that the program sees the namespace's own /sys.</summary>
    public static string[] Inside(string netns, IEnumerable<string> command) => ["ip", "netns", "exec", netns, .. command];

    public static Task<CommandResult> ExecAsync(string netns, IEnumerable<string> command, CancellationToken cancellationToken = default) =>
        Command.RunAsync(Inside(netns, command), null, cancellationToken);

    public static PacketSocket OpenPacketSocket(string netns, string interfaceName, PacketSocketOptions? options)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        using Rtnetlink links = Rtnetlink.Of(inside);
        return PacketSocket.Open(inside, links.GetLink(interfaceName).Index, options);
    }

    public static Rtnetlink OpenNetlink(string netns)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        return Rtnetlink.Of(inside);
    }
}
