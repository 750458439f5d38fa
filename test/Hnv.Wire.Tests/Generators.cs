using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;

namespace Hnv.Wire.Tests;

/// <summary>Random headers whose every field uses its whole width.</summary>
internal static class Generators
{
    public static Gen<byte> Byte { get; } = Gen.Choose(0, 255).Select(i => (byte)i);

    public static Gen<ushort> UInt16 { get; } = Gen.Choose(0, ushort.MaxValue).Select(i => (ushort)i);

    public static Gen<uint> UInt32 { get; } = UInt16.Two().Select(t => (uint)t.Item1 << 16 | t.Item2);

    public static Gen<MacAddress> Mac { get; } = Bytes(MacAddress.Length).Select(b => MacAddress.FromBytes(b));

    public static Gen<IPAddress> V4 { get; } = Bytes(4).Select(b => new IPAddress(b));

    public static Gen<IPAddress> V6 { get; } = Bytes(16).Select(b => new IPAddress(b));

    /// <summary>0, 4 … 40 bytes.</summary>
    public static Gen<byte[]> Options { get; } = Gen.Choose(0, 10).SelectMany(words => Bytes(words * 4));

    /// <summary>Up to 200 bytes.</summary>
    public static Gen<byte[]> Any { get; } = Gen.Choose(0, 200).SelectMany(Bytes);

    public static Gen<EthernetHeader> Ethernet { get; } =
        from destination in Mac
        from source in Mac
        from type in UInt16.Where(t => t is not (0x8100 or 0x88a8))
        from protocol in Gen.Elements(EtherType.None, EtherType.Vlan, EtherType.ServiceVlan)
        from control in UInt16
        select new EthernetHeader(destination, source, (EtherType)type, protocol == EtherType.None ? null : new VlanTag(protocol, control));

    public static Gen<ArpPacket> Arp { get; } =
        from operation in UInt16
        from senderMac in Mac
        from sender in V4
        from targetMac in Mac
        from target in V4
        select new ArpPacket((ArpOperation)operation, senderMac, sender, targetMac, target);

    public static Gen<IPv4Header> IPv4(int options) =>
        from source in V4
        from destination in V4
        from bytes in Bytes(3)
        from identification in UInt16
        from fragment in UInt16
        select new IPv4Header(source, destination, (IpProtocol)bytes[0])
        {
            TrafficClass = bytes[1],
            TimeToLive = bytes[2],
            Identification = identification,
            Flags = (IPv4Flags)(fragment >> 13),
            FragmentOffset = (ushort)(fragment & 0x1fff),
            OptionsLength = options,
        };

    public static Gen<IPv6Header> IPv6 { get; } =
        from source in V6
        from destination in V6
        from bytes in Bytes(3)
        from label in UInt32
        select new IPv6Header(source, destination, (IpProtocol)bytes[0]) { TrafficClass = bytes[1], HopLimit = bytes[2], FlowLabel = label >> 12 };

    public static Gen<TcpHeader> Tcp(int options) =>
        from ports in UInt16.Two()
        from numbers in UInt32.Two()
        from flags in Byte
        from rest in UInt16.Three()
        select new TcpHeader(ports.Item1, ports.Item2, numbers.Item1, numbers.Item2, (TcpFlags)flags)
        {
            Window = rest.Item1,
            Checksum = rest.Item2,
            UrgentPointer = rest.Item3,
            OptionsLength = options,
        };

    public static Gen<GreHeader> Gre { get; } =
        from protocol in UInt16
        from flags in Gen.SubListOf(GreFlags.Checksum, GreFlags.Key, GreFlags.Sequence)
        from checksum in UInt16
        from numbers in UInt32.Two()
        let set = flags.Aggregate(GreFlags.None, (a, b) => a | b)
        select new GreHeader(set, (EtherType)protocol)
        {
            Checksum = set.HasFlag(GreFlags.Checksum) ? checksum : (ushort)0,
            Key = set.HasFlag(GreFlags.Key) ? numbers.Item1 : 0,
            Sequence = set.HasFlag(GreFlags.Sequence) ? numbers.Item2 : 0,
        };

    public static Gen<byte[]> Bytes(int length) => Byte.ArrayOf(length);

    /// <summary>Checks a property; on failure the exception tells the shrunk counter-example.</summary>
    public static void ForAll<T>(Gen<T> gen, Action<T> property) => Prop.ForAll(gen.ToArbitrary(), property).QuickCheckThrowOnFailure();
}
