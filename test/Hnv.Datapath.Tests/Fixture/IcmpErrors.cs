using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>The errors that the distributed gateway sends to a VM.</summary>
internal static class IcmpErrors
{
    /// <summary>Bytes of the offending packet that are quoted.</summary>
    private const int Quote = 96;

    /// <summary>What a port's first error does to its bucket of 50.</summary>
    public static string FirstToken(TestVm vm) => HostState.Tell($"port {vm.PortId} error bucket", 49);

    public static byte[] V4(TestVm to, byte[] offender, IcmpV4Type type, byte code, uint rest = 0) =>
        PacketBuilder.Ethernet(to.Subnet.GatewayMac, to.Mac)
            .IPv4(to.Subnet.Gateway4, Source4(offender), h => h with { TrafficClass = 0xc0 })
            .Icmp(type, code, rest).Payload(Quoted(offender)).ToArray();

    public static byte[] V6(TestVm to, byte[] offender, IcmpV6Type type, byte code, uint rest = 0) =>
        PacketBuilder.Ethernet(to.Subnet.GatewayMac, to.Mac)
            .IPv6(to.Subnet.Gateway6, new System.Net.IPAddress(offender.AsSpan(22, 16)))
            .Icmp(type, code, rest).Payload(Quoted(offender)).ToArray();

    private static System.Net.IPAddress Source4(byte[] offender) => new(offender.AsSpan(26, 4));

    private static ReadOnlySpan<byte> Quoted(byte[] offender) => offender.AsSpan(14, Math.Min(Quote, offender.Length - 14));
}
