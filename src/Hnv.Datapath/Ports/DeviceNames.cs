using System.Security.Cryptography;
using System.Text;

namespace Hnv.Datapath.Ports;

/// <summary>Names of the devices that a data plane makes for itself: at most 15 characters, and its own among all data planes of a host.</summary>
internal static class DeviceNames
{
    /// <summary>Eight characters that stand for the directory of the data plane's pins.</summary>
    public static string SuffixOf(string directory) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(directory))))[..8];
}
