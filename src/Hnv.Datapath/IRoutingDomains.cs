namespace Hnv.Datapath;

/// <summary>
/// Numbers of this host for routing domains, which the programs use in keys in place of 16 bytes. Kept in a pinned map that only the
/// agent uses, so that adoption finds the numbers that the other maps were written with. Never 0.
/// </summary>
public interface IRoutingDomains
{
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
