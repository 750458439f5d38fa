namespace Hnv.Model;

/// <summary>How many of something one object may hold. They bound the cost of a change and the size of an object in the state log.</summary>
public static class ModelLimits
{
    /// <summary>Characters of a name: a DNS label's, and what fits a path segment.</summary>
    public const int NameLength = 63;

    /// <summary>Characters of an interface name (IFNAMSIZ − 1).</summary>
    public const int InterfaceNameLength = 15;

    public const int ProviderAddressesPerHost = 16;

    public const int SubnetsPerNetwork = 1024;

    public const int RoutesPerNetwork = 4096;

    public const int AddressesPerPort = 64;
}
