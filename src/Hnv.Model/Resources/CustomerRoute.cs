using System.Net;

namespace Hnv.Model.Resources;

/// <summary>Within a routing domain: a prefix and the customer address it is reached through.</summary>
public sealed record CustomerRoute
{
    public required IPNetwork Prefix { get; init; }

    public required IPAddress NextHop { get; init; }

    /// <summary>Lowest wins among routes of the same prefix.</summary>
    public uint Metric { get; init; }
}
