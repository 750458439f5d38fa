using System.Net;
using Hnv.Lab.Machine;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Lab.Capture;

/// <summary>Sees what crosses the provider network.</summary>
public static class FabricCapture
{
    /// <summary>Opens the fabric's end of a host's uplink: every frame that the host sends and receives there.</summary>
    public static PacketSocket Open(NetworkLab lab, string host, string? uplink = null, PacketSocketOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(lab);
        LabHost at = lab.Host(host);
        return LabMachine.OpenPacketSocket(lab.FabricNamespace, LabWiring.FabricPort(host, uplink ?? at.Spec.Uplinks[0].Name), options);
    }

    /// <summary>Makes one VM ping another and returns the first encapsulated frame with the request as it crosses the provider network.</summary>
    /// <returns>Null when none came within the time.</returns>
    public static async Task<byte[]?> PingAsync(NetworkLab lab, LabVm from, IPAddress to, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(lab);
        ArgumentNullException.ThrowIfNull(from);
        using PacketSocket socket = Open(lab, from.Spec.Host);
        Task<CommandResult> ping = from.ExecAsync("ping", "-n", "-c", "1", "-W", "2", to.ToString());
        byte[]? found = await Task.Run(() => Find(socket, to, timeout));
        _ = await ping;
        return found;
    }

    private static byte[]? Find(PacketSocket socket, IPAddress to, TimeSpan timeout)
    {
        long since = System.Diagnostics.Stopwatch.GetTimestamp();
        TimeSpan left;
        while ((left = timeout - System.Diagnostics.Stopwatch.GetElapsedTime(since)) > TimeSpan.Zero)
        {
            if (socket.Receive(left) is { } frame && (TryReadTunnel(frame, out _, out ReadOnlySpan<byte> inner) || TryReadVxlan(frame, out inner)) && IsTo(inner, to))
            {
                return frame;
            }
        }

        return null;
    }

    /// <summary>Takes an NVGRE frame of IPv4 or IPv6 apart.</summary>
    /// <returns>False when it is something else.</returns>
    public static bool TryReadTunnel(ReadOnlySpan<byte> frame, out NvgreHeader tunnel, out ReadOnlySpan<byte> inner)
    {
        tunnel = default;
        inner = default;
        return TryReadIp(frame, IpProtocol.Gre, out ReadOnlySpan<byte> payload) && NvgreHeader.TryParse(payload, out tunnel, out inner);
    }

    private static bool TryReadVxlan(ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> inner)
    {
        inner = default;
        return TryReadIp(frame, IpProtocol.Udp, out ReadOnlySpan<byte> message)
            && UdpHeader.TryParse(message, out UdpHeader udp, out ReadOnlySpan<byte> payload) && udp.DestinationPort == VxlanHeader.Port
            && VxlanHeader.TryParse(payload, out _, out inner);
    }

    /// <summary>What stands behind the IP header of a frame with that protocol.</summary>
    private static bool TryReadIp(ReadOnlySpan<byte> frame, IpProtocol protocol, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        return EthernetHeader.TryParse(frame, out EthernetHeader outer, out ReadOnlySpan<byte> packet)
            && outer.Type switch
            {
                EtherType.IPv4 => IPv4Header.TryParse(packet, out IPv4Header ip, out _, out payload) && ip.Protocol == protocol,
                EtherType.IPv6 => IPv6Header.TryParse(packet, out IPv6Header ip, out payload) && ip.NextHeader == protocol,
                _ => false,
            };
    }

    private static bool IsTo(ReadOnlySpan<byte> frame, IPAddress to) =>
        EthernetHeader.TryParse(frame, out EthernetHeader ethernet, out ReadOnlySpan<byte> packet)
        && ethernet.Type switch
        {
            EtherType.IPv4 => IPv4Header.TryParse(packet, out IPv4Header ip, out _, out _) && ip.Protocol == IpProtocol.Icmp && ip.Destination.Equals(to),
            EtherType.IPv6 => IPv6Header.TryParse(packet, out IPv6Header ip, out _) && ip.NextHeader == IpProtocol.IcmpV6 && ip.Destination.Equals(to),
            _ => false,
        };
}
