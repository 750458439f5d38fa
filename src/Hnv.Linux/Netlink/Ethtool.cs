using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Native;

namespace Hnv.Linux.Netlink;

/// <summary>An offload feature of an interface.</summary>
/// <param name="Active">In force now.</param>
/// <param name="Requested">Wished for; not active where something it needs is off.</param>
/// <param name="Changeable">Whether the device can have it both ways.</param>
public sealed record EthtoolFeature(string Name, bool Active, bool Requested, bool Changeable);

/// <summary>
/// Offload features by ioctl SIOCETHTOOL (linux/ethtool.h), in the network namespace in which the calling thread made this
/// instance. Names are the kernel's (<c>tx-tcp-segmentation</c>, <c>rx-gro</c>, <c>tx-udp_tnl-segmentation</c> …); ethtool's
/// group names (<c>generic-receive-offload</c>, <c>tx-checksumming</c> …) stand for all features of the group.
/// </summary>
public sealed unsafe class Ethtool : IDisposable
{
    private const nuint EthtoolIoctl = 0x8946; // SIOCETHTOOL
    private const uint GetStringSetInfo = 0x37, GetStrings = 0x1b, GetFeatureBlocks = 0x3a, SetFeatureBlocks = 0x3b;
    private const int FeatureStrings = 4; // ETH_SS_FEATURES
    private const int StringLength = 32; // ETH_GSTRING_LEN
    private const int UnsupportedBit = 1; // ETHTOOL_F_UNSUPPORTED

    /// <summary>off_flag_def of ethtool(8): its names for groups of kernel features; * matches anything.</summary>
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["rx-checksumming"] = "rx-checksum",
        ["tx-checksumming"] = "tx-checksum-*",
        ["scatter-gather"] = "tx-scatter-gather*",
        ["tcp-segmentation-offload"] = "tx-tcp*-segmentation",
        ["generic-segmentation-offload"] = "tx-generic-segmentation",
        ["generic-receive-offload"] = "rx-gro",
        ["large-receive-offload"] = "rx-lro",
        ["rx-vlan-offload"] = "rx-vlan-hw-parse",
        ["tx-vlan-offload"] = "tx-vlan-hw-insert",
    };

    private readonly SafeSocketHandle _socket = Libc.NewSocket(KernelFamily.Inet, 2, 0, "a socket for ethtool"); // SOCK_DGRAM

    public static Ethtool Of(NetworkNamespace networkNamespace)
    {
        ArgumentNullException.ThrowIfNull(networkNamespace);
        return networkNamespace.Run(() => new Ethtool());
    }

    /// <summary>All features that this kernel knows, in its order.</summary>
    /// <exception cref="LinuxException">ENODEV when there is no such interface.</exception>
    public IReadOnlyList<EthtoolFeature> GetFeatures(string interfaceName)
    {
        var names = ReadNames(interfaceName);
        var blocks = (names.Length + 31) / 32;
        // struct ethtool_gfeatures: cmd, count of blocks, then per 32 features: available, requested, active, never_changed.
        var buffer = new uint[2 + (4 * blocks)];
        (buffer[0], buffer[1]) = (GetFeatureBlocks, (uint)blocks);
        Call(interfaceName, buffer, "read the features");
        bool Bit(int feature, int word) => (buffer[2 + (4 * (feature / 32)) + word] >> (feature % 32) & 1) != 0;
        return [.. names.Select((name, i) => new EthtoolFeature(name, Bit(i, 2), Bit(i, 1), Bit(i, 0) && !Bit(i, 3))).Where(feature => feature.Name.Length > 0)];
    }

    /// <summary>Switches features. Of a group those that cannot be changed are passed over.</summary>
    /// <exception cref="LinuxException">EINVAL for a name this kernel does not know; EOPNOTSUPP when the device cannot change it.</exception>
    public void SetFeatures(string interfaceName, IReadOnlyDictionary<string, bool> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var names = ReadNames(interfaceName);
        var changeable = GetFeatures(interfaceName).Where(feature => feature.Changeable).Select(feature => feature.Name).ToHashSet(StringComparer.Ordinal);
        var blocks = (names.Length + 31) / 32;
        // struct ethtool_sfeatures: cmd, count of blocks, then per 32 features: valid, requested.
        var buffer = new uint[2 + (2 * blocks)];
        (buffer[0], buffer[1]) = (SetFeatureBlocks, (uint)blocks);
        foreach (var (name, on) in features)
        {
            int[] known = [.. Enumerable.Range(0, names.Length).Where(i => Matches(names[i], Groups.GetValueOrDefault(name, name)))];
            if (known.Length == 0)
            {
                throw new LinuxException($"set feature {name} of {interfaceName}", Errno.EINVAL, "this kernel knows no such feature");
            }

            int[] possible = [.. known.Where(i => changeable.Contains(names[i]))];
            if (possible.Length == 0)
            {
                throw new LinuxException($"set feature {name} of {interfaceName}", Errno.EOPNOTSUPP, "the device cannot change it");
            }

            foreach (var i in possible)
            {
                buffer[2 + (2 * (i / 32))] |= 1u << (i % 32);
                buffer[3 + (2 * (i / 32))] |= on ? 1u << (i % 32) : 0;
            }
        }

        if ((Call(interfaceName, buffer, "set the features") & UnsupportedBit) != 0)
        {
            throw new LinuxException($"set the features of {interfaceName}", Errno.EOPNOTSUPP, string.Join(", ", features.Keys));
        }
    }

    public void SetFeature(string interfaceName, string feature, bool on) =>
        SetFeatures(interfaceName, new Dictionary<string, bool>(StringComparer.Ordinal) { [feature] = on });

    public void Dispose() => _socket.Dispose();

    private static bool Matches(string name, string pattern) =>
        pattern.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star
            ? name.Length >= pattern.Length - 1
                && name.StartsWith(pattern[..star], StringComparison.Ordinal)
                && name.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal)
            : name == pattern;

    private string[] ReadNames(string interfaceName)
    {
        // struct ethtool_sset_info: cmd, reserved, mask (64 bit) of the sets, then the length of each.
        uint[] info = [GetStringSetInfo, 0, 1 << FeatureStrings, 0, 0];
        Call(interfaceName, info, "count the features");
        // struct ethtool_gstrings: cmd, set, count, then the strings.
        var strings = new uint[3 + (info[4] * StringLength / sizeof(uint))];
        (strings[0], strings[1], strings[2]) = (GetStrings, FeatureStrings, info[4]);
        Call(interfaceName, strings, "read the names of the features");
        var names = new string[info[4]];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.ASCII.GetString(MemoryMarshal.AsBytes(strings.AsSpan(3)).Slice(i * StringLength, StringLength)).TrimEnd('\0');
        }

        return names;
    }

    private int Call(string interfaceName, uint[] command, string operation)
    {
        fixed (uint* pointer = command)
        {
            var request = new InterfaceRequest { Data = pointer };
            InterfaceRequest.WriteName(request.Name, interfaceName);
            var result = Libc.Ioctl(_socket, EthtoolIoctl, &request);
            return result >= 0 ? result : throw LinuxException.FromLastError($"{operation} of {interfaceName}");
        }
    }
}
