using System.Net;

namespace Hnv.Model.Resources;

/// <summary>How the FlowID of the NVGRE key is filled towards a peer (RFC 7637, section 3.2).</summary>
public enum FlowIdMode
{
    /// <summary>From the inner flow's hash: entropy for the provider network.</summary>
    Hash,

    /// <summary>Zero, for peers that compare the whole 32-bit GRE key.</summary>
    Zero,
}

/// <summary>A third-party peer on the provider network. Its name is its address unless given (<see cref="DerivedNames"/>).</summary>
public sealed record ProviderEndpoint : Resource
{
    public required IPAddress ProviderAddress { get; init; }

    public FlowIdMode FlowId { get; init; }

    public override ResourceId Id => new(ResourceKind.ProviderEndpoint, null, Name);
}
