using System.Collections.Immutable;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>What policy is computed from: the model, and the numbers the controller gave to its ports.</summary>
public sealed record PolicyInput(CloudModel Model, ImmutableDictionary<ResourceId, uint> PortNumbers)
{
    /// <summary>A cloud without anything.</summary>
    public static PolicyInput Empty { get; } = new(CloudModel.Empty, ImmutableDictionary<ResourceId, uint>.Empty);
}
