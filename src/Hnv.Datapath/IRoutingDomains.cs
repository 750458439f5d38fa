namespace Hnv.Datapath;

/// <summary>
/// Numbers of this host for routing domains, which the programs use in keys in place of 16 bytes. Kept in a pinned map that only the
/// agent uses, so that adoption finds the numbers that the other maps were written with. Never 0.
/// </summary>
public interface IRoutingDomains
{
    private const uint FirstOfSubnets = 0x8000_0000;

    /// <summary>
    /// The number of a subnet that has routes of its own, beside the numbers of the routing domains: a VSID is unique in the cloud, so it needs no
    /// entry in a map.
    /// </summary>
    static uint NumberOfSubnet(uint vsid) => FirstOfSubnets | vsid;

    /// <summary>Whether a number is a routing domain's, and not a subnet's.</summary>
    static bool IsDomain(uint number) => number is > 0 and < FirstOfSubnets;

    /// <summary>The domain's number, made when it has none.</summary>
    /// <exception cref="DataplaneException">No room for another one.</exception>
    uint Number(Guid routingDomainId);

    /// <summary>
    /// The network is gone: its number may be given to another one as soon as <see cref="IDataplane.Apply"/> has removed everything that
    /// was to be removed. Asking for the number again before takes the release back.
    /// </summary>
    void Release(Guid routingDomainId);

    /// <summary>The domain of a number; null when nobody has it.</summary>
    Guid? Find(uint number);
}
