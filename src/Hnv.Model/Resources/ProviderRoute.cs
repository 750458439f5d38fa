using System.Net;

namespace Hnv.Model.Resources;

/// <summary>On a host: how packets from its provider addresses reach a part of the provider network.</summary>
public sealed record ProviderRoute
{
    public required IPNetwork Prefix { get; init; }

    /// <summary>Null: on-link.</summary>
    public IPAddress? NextHop { get; init; }

    /// <summary>The interface; null: that whose network the next hop is in.</summary>
    public string? Uplink { get; init; }

    /// <summary>Lowest wins among routes of the same prefix.</summary>
    public uint Metric { get; init; }
}
