namespace Hnv.Model;

/// <summary>How many of something one object may hold. They bound the cost of a change and the size of an object in the state log.</summary>
public static class ModelLimits
{
    /// <summary>Characters of a name: a DNS label's, and what fits a path segment.</summary>
    public const int NameLength = 63;

    /// <summary>Characters of an interface name (IFNAMSIZ − 1).</summary>
    public const int InterfaceNameLength = 15;

    public const int ProviderAddressesPerHost = 16;

    public const int ProviderRoutesPerHost = 256;

    /// <summary>The kernel's metrics are signed in places, and the agent's begin at 17.</summary>
    public const uint ProviderRouteMetric = 2_000_000_000;

    /// <summary>Characters of a remark without effect: a lookup record's customerId, context and vmName.</summary>
    public const int RemarkLength = 256;

    public const int SubnetsPerNetwork = 1024;

    public const int RoutesPerNetwork = 4096;

    public const int AddressesPerPort = 64;

    /// <summary>Customer addresses that a VM may bring: what a port's limit may be.</summary>
    public const uint DynamicAddresses = 1024;

    /// <summary>Seconds of a subnet's learningAge.</summary>
    public const uint LearningAgeMin = 60;

    /// <inheritdoc cref="LearningAgeMin"/>
    public const uint LearningAgeMax = 86400;

    /// <summary>What a subnet remembers of what it was told to forget.</summary>
    public const int ForgottenPerSubnet = 64;

    /// <summary>Seconds of a pool's leases.</summary>
    public const uint LeaseSecondsMin = 60;

    /// <inheritdoc cref="LeaseSecondsMin"/>
    public const uint LeaseSecondsMax = 30 * 86400;

    /// <summary>Bytes of an MTU that a pool may give out: what IPv4 hosts must take (RFC 791) to what providers carry.</summary>
    public const uint PoolMtuMin = 576;

    /// <inheritdoc cref="PoolMtuMin"/>
    public const uint PoolMtuMax = 9216;

    /// <summary>The smallest MTU of a subnet with IPv6 (RFC 8200, 5).</summary>
    public const uint PoolMtuMin6 = 1280;

    /// <summary>DNS servers of a pool; with these and <see cref="RoutesPerPool"/> an answer fits into one packet.</summary>
    public const int DnsServersPerPool = 8;

    public const int RoutesPerPool = 24;

    /// <summary>Characters of a DNS domain (RFC 1035).</summary>
    public const int DomainLength = 253;
}
