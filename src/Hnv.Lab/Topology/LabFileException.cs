using System.Collections.Immutable;
using Hnv.Api.Manifests;

namespace Hnv.Lab.Topology;

/// <summary>A lab file is wrong; everything that is wrong with it, in the file's order.</summary>
public sealed class LabFileException(ImmutableArray<ManifestError> errors) : Exception(string.Join('\n', errors))
{
    public ImmutableArray<ManifestError> Errors { get; } = errors;
}
