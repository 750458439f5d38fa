using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>What a map must be to be used under its name.</summary>
/// <param name="InnerKeySize">Of the hash inside a map of maps; 0 elsewhere.</param>
internal sealed record MapShape(BpfMapType Type, int KeySize, int ValueSize, int InnerKeySize = 0, int InnerValueSize = 0)
{
    /// <summary>Why a map does not fit; null when it does.</summary>
    public string? Misfit(BpfMapInfo found) => found.Type == Type && found.KeySize == KeySize && found.ValueSize == ValueSize
        ? null
        : $"it is a {found.Type} with keys of {found.KeySize} and values of {found.ValueSize} bytes, where a {Type} with {KeySize} and {ValueSize} bytes belongs";

    /// <inheritdoc cref="Misfit"/>
    public string? InnerMisfit(BpfMapInfo found) => found.Type == BpfMapType.Hash && found.KeySize == InnerKeySize && found.ValueSize == InnerValueSize
        ? null
        : $"the map in it is a {found.Type} with keys of {found.KeySize} and values of {found.ValueSize} bytes, where a Hash with {InnerKeySize} and {InnerValueSize} bytes belongs";
}
