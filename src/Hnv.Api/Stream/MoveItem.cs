using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Api.Stream;

/// <summary>
/// An adapter is about to change its host. Records and members still lead to where it is; every host of the network knows where it may
/// appear, and believes that from there (from protocol 2 on).
/// </summary>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="From">Provider address of the host it leaves; null where that has none.</param>
/// <param name="To">Provider address of the host that is prepared.</param>
public sealed record MoveItem(uint Vsid, MacAddress Mac, string Port, IPAddress? From, IPAddress To) : PolicyItem
{
    public override string Key => KeyOf(Vsid, Mac);

    /// <summary>The key of the move of that adapter.</summary>
    public static string KeyOf(uint vsid, MacAddress mac) => $"move/{vsid}/{mac}";
}
