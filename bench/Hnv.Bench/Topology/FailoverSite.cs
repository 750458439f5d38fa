using System.Net;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>How a VM dies.</summary>
internal enum Death
{
    /// <summary>Its hypervisor's process is killed: the adapter and the host's interface are gone.</summary>
    Killed,

    /// <summary>It falls silent: its adapter is down, the host's interface stays.</summary>
    Silent,
}

/// <summary>
/// Two VMs that share an address of each family, and a client, on a host each. How the hosts carry their traffic is the subclass's affair.
/// <code>
///   a 10.0.0.21 ─ host 1 ─┐
///   b 10.0.0.22 ─ host 2 ─┼─ provider network      10.0.0.100 and 2001:db8:1::100 are a's or b's
///   c 10.0.0.23 ─ host 3 ─┘
/// </code>
/// </summary>
internal abstract class FailoverSite : IAsyncDisposable
{
    public const string Adapter = "eth0";
    public const string Client = "c";

    public static IReadOnlyList<string> Pair { get; } = ["a", "b"];

    public static IPAddress Shared4 { get; } = IPAddress.Parse("10.0.0.100");

    public static IPAddress Shared6 { get; } = IPAddress.Parse("2001:db8:1::100");

    public abstract string NamespaceOf(string vm);

    /// <summary>Makes the VM die.</summary>
    public virtual void Kill(string vm, Death death)
    {
        if (death == Death.Killed)
        {
            Unplug(vm);
            return;
        }

        using NetworkNamespace inside = NetworkNamespace.Open(NamespaceOf(vm));
        using Rtnetlink links = Rtnetlink.Of(inside);
        links.SetDown(links.GetLink(Adapter).Index);
    }

    /// <summary>The VM starts anew, without the shared addresses.</summary>
    public abstract Task ReviveAsync(string vm, CancellationToken cancellationToken);

    /// <summary>Ends whatever manages the hosts, where the variant wants that.</summary>
    public virtual Task LeaveAloneAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>Takes the VM's adapter and the host's interface away.</summary>
    protected abstract void Unplug(string vm);

    /// <summary>VMs use their addresses at once: duplicate address detection would take a second after each start.</summary>
    protected void AllowIPv6(string vm)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(NamespaceOf(vm));
        inside.Run(() =>
        {
            foreach (string scope in (string[])["all", "default"])
            {
                Sysctl.Write($"net/ipv6/conf/{scope}/disable_ipv6", 0);
                Sysctl.Write($"net/ipv6/conf/{scope}/accept_dad", 0);
            }
        });
    }
}
