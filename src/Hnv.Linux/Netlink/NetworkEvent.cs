namespace Hnv.Linux.Netlink;

/// <summary>What <see cref="LinkMonitor"/> saw.</summary>
public abstract record NetworkEvent
{
    /// <summary>An interface is new or something of it changed: name, state, carrier, MTU, master …</summary>
    public sealed record LinkChanged(LinkInfo Link) : NetworkEvent;

    /// <summary>An interface was deleted or moved to another namespace.</summary>
    public sealed record LinkDeleted(int Index, string Name) : NetworkEvent;

    public sealed record AddressChanged(AddressInfo Address, bool Deleted) : NetworkEvent;

    public sealed record RouteChanged(RouteInfo Route, bool Deleted) : NetworkEvent;

    /// <summary>A rule came or went that says which routing table is asked for whom.</summary>
    public sealed record RulesChanged : NetworkEvent;

    /// <summary>
    /// Somebody removed a tc filter of an interface, or its clsact or ingress qdisc with all filters: what was attached there may be
    /// gone. Replacing a filter is no removal. Filters of blocks that interfaces share are not told of.
    /// </summary>
    public sealed record FilterLost(int InterfaceIndex) : NetworkEvent;

    /// <summary>The kernel had to drop events: what is known is stale, list again.</summary>
    public sealed record Overrun : NetworkEvent;
}
