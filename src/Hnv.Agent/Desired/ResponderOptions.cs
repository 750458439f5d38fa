using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Agent.Desired;

/// <summary>What VMs of a subnet are told, as it stands in the messages. Pure.</summary>
/// <param name="network">Routing domain identifier.</param>
/// <param name="innerMtu">The largest IP packet of a VM that reaches every peer; null while none is known.</param>
/// <param name="gatewayMac">Of the distributed gateway.</param>
internal sealed class ResponderOptions(Guid network, SubnetItem subnet, int? innerMtu, MacAddress gatewayMac)
{
    /// <summary>Of a VM's adapter when nobody says anything.</summary>
    private const int EthernetMtu = 1500;

    /// <summary>RFC 8200, 5.</summary>
    private const uint SmallestMtu6 = 1280;

    /// <summary>The longest there is (RFC 8319): advertisements hang on the VMs' own frames.</summary>
    private const ushort RouterLifetime = ushort.MaxValue;

    /// <summary>AdvValidLifetime and AdvPreferredLifetime, RFC 4861, 6.2.1.</summary>
    private const uint PrefixValidSeconds = 30 * 86400;

    private const uint PrefixPreferredSeconds = 7 * 86400;

    private const byte Managed = 0x80;
    private const byte OtherConfiguration = 0x40;
    private const byte OnLink = 0x80;
    private const byte Autonomous = 0x40;

    /// <summary>As the pool says; else what fits the tunnel, where that is less than a VM takes for granted.</summary>
    private uint? Mtu => subnet.Pool?.Mtu ?? (innerMtu is > 0 and < EthernetMtu and var inner ? (uint)inner : null);

    /// <summary>Null without pool or IPv4.</summary>
    public Dhcp4Entry? Dhcp4()
    {
        if (subnet is not { Pool: { } pool, Prefix4: { } prefix, Gateway4: { } gateway })
        {
            return null;
        }

        List<byte[]> options = [DhcpOptions.SubnetMask(prefix)];
        if (pool.Gateway)
        {
            options.Add(DhcpOptions.Addresses(DhcpOption.Router, gateway));
        }

        if (!pool.Routes.IsEmpty)
        {
            // Who understands this option ignores the one before: the default route is in it once more.
            IEnumerable<(IPNetwork, IPAddress)> routes = pool.Routes.Select(route => (route.Prefix, route.NextHop));
            bool hasDefault = pool.Routes.Any(route => route.Prefix.PrefixLength == 0);
            options.Add(DhcpOptions.ClasslessRoutes(pool.Gateway && !hasDefault ? routes.Prepend((new IPNetwork(IPAddress.Any, 0), gateway)) : routes));
        }

        if (Mtu is { } mtu)
        {
            options.Add(DhcpOptions.Number16(DhcpOption.InterfaceMtu, (ushort)mtu));
        }

        if (Dns(pool, AddressFamily.InterNetwork) is { Length: > 0 } servers)
        {
            options.Add(DhcpOptions.Addresses(DhcpOption.DomainNameServer, servers));
        }

        if (pool.Domain is { } domain)
        {
            options.Add(DhcpOptions.Text(DhcpOption.DomainName, domain));
        }

        return Dhcp4Entry.Create(gateway, pool.LeaseSeconds, options);
    }

    /// <summary>Null without pool or IPv6.</summary>
    public Dhcp6Entry? Dhcp6()
    {
        if (subnet is not { Pool: { } pool, Prefix6: not null })
        {
            return null;
        }

        List<byte[]> options = [Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, ServerIdentifier())];
        if (Dns(pool, AddressFamily.InterNetworkV6) is { Length: > 0 } servers)
        {
            options.Add(Dhcpv6Options.DnsServers(servers));
        }

        if (pool.Domain is { } domain)
        {
            options.Add(Dhcpv6Options.DomainSearchList(domain));
        }

        return Dhcp6Entry.Create(pool.LeaseSeconds, pool.LeaseSeconds * 2, options);
    }

    /// <summary>Null where the distributed gateway does not advertise itself.</summary>
    public RouterAdvertisementEntry? RouterAdvertisement()
    {
        if (subnet is not { Prefix6: { } prefix, Gateway6: not null, RouterAdvertisements: not RouterAdvertisementMode.Off })
        {
            return null;
        }

        IPAddress[] servers = subnet.Pool is { } pool ? Dns(pool, AddressFamily.InterNetworkV6) : [];
        string? domain = subnet.Pool?.Domain;
        bool isManaged = subnet.RouterAdvertisements == RouterAdvertisementMode.Managed;
        int flags = (isManaged ? Managed : 0) | (servers.Length > 0 || domain is not null ? OtherConfiguration : 0);
        byte[] head = new byte[Wire.RouterAdvertisement.Length];
        new RouterAdvertisement(64, (byte)flags, subnet.Pool is { Gateway: false } ? (ushort)0 : RouterLifetime, 0, 0).Write(head);
        List<byte> message =
        [
            .. head, .. NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, gatewayMac),
            .. NeighborOptions.Prefix(prefix, (byte)(OnLink | (isManaged ? 0 : Autonomous)), PrefixValidSeconds, PrefixPreferredSeconds),
        ];
        if (Mtu is { } mtu and >= SmallestMtu6)
        {
            message.AddRange(NeighborOptions.Mtu(mtu));
        }

        if (servers.Length > 0)
        {
            message.AddRange(NeighborOptions.RecursiveDnsServers(RouterLifetime, servers));
        }

        if (domain is not null)
        {
            message.AddRange(NeighborOptions.DnsSearchList(RouterLifetime, domain));
        }

        return RouterAdvertisementEntry.Create([.. message]);
    }

    private static IPAddress[] Dns(PoolItem pool, AddressFamily family) => [.. pool.Dns.Where(server => server.AddressFamily == family)];

    /// <summary>The same on every host, so that a VM that moved still speaks to its server: made of the network and the subnet (RFC 9562, 5.8).</summary>
    private Guid ServerIdentifier()
    {
        Span<byte> name = stackalloc byte[20];
        network.TryWriteBytes(name, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(name[16..], subnet.Vsid);
        Span<byte> uuid = SHA256.HashData(name).AsSpan(0, 16);
        uuid[6] = (byte)((uuid[6] & 0x0f) | 0x80);
        uuid[8] = (byte)((uuid[8] & 0x3f) | 0x80);
        return new Guid(uuid, bigEndian: true);
    }
}
