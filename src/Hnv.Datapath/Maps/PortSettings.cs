using System.Globalization;
using Hnv.Linux.Netlink;

namespace Hnv.Datapath.Maps;

/// <summary>
/// The settings (sysctl) of an interface that isolation from the host's stack changes, in a word: bit 0 whether they were read at all, bit 1 forwarding,
/// bit 2 disable_ipv6, bit 3 whether the kernel has that, bits 8 to 15 arp_ignore.
/// </summary>
internal readonly record struct PortSettings(uint Word)
{
    private const uint Read = 1, Forwarding = 2, DisableIPv6 = 4, HasIPv6 = 8;
    private const int ArpIgnoreAt = 8;

    /// <summary>The host's own stack has nothing to say to a tenant: no IPv6, hence no link-local address, and no answer to ARP for any local address.</summary>
    public static PortSettings Isolated { get; } = new(Read | DisableIPv6 | HasIPv6 | (8 << ArpIgnoreAt));

    /// <summary>False where nobody kept what was there before.</summary>
    public bool AreKnown => (Word & Read) != 0;

    /// <exception cref="IOException">The interface is gone.</exception>
    public static PortSettings Of(string name)
    {
        uint word = Read | (uint.Parse(Sysctl.Read(ArpIgnorePath(name)), CultureInfo.InvariantCulture) & 0xff) << ArpIgnoreAt;
        word |= Sysctl.Read(ForwardingPath(name)) == "0" ? 0 : Forwarding;
        if (Sysctl.Exists(DisableIPv6Path(name)))
        {
            word |= HasIPv6 | (Sysctl.Read(DisableIPv6Path(name)) == "0" ? 0 : DisableIPv6);
        }

        return new PortSettings(word);
    }

    /// <exception cref="IOException">The interface is gone.</exception>
    public void WriteTo(string name)
    {
        if ((Word & HasIPv6) != 0 && Sysctl.Exists(DisableIPv6Path(name)))
        {
            Sysctl.Write(DisableIPv6Path(name), (Word & DisableIPv6) == 0 ? 0 : 1);
        }

        Sysctl.Write(ArpIgnorePath(name), (int)(Word >> ArpIgnoreAt & 0xff));
        Sysctl.Write(ForwardingPath(name), (Word & Forwarding) == 0 ? 0 : 1);
    }

    private static string ArpIgnorePath(string name) => $"net/ipv4/conf/{name}/arp_ignore";

    private static string ForwardingPath(string name) => $"net/ipv4/conf/{name}/forwarding";

    private static string DisableIPv6Path(string name) => $"net/ipv6/conf/{name}/disable_ipv6";
}
