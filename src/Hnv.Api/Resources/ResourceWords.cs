using System.Collections.Immutable;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>The words of enumerations in manifests, as documented.</summary>
internal static class ResourceWords
{
    public static readonly ImmutableSortedDictionary<string, FlowIdMode> FlowIds =
        Words((FlowIdMode.Hash, "hash"), (FlowIdMode.Zero, "zero"));

    public static readonly ImmutableSortedDictionary<string, Encapsulation> Encapsulations = Words((Encapsulation.Nvgre, "nvgre"));

    public static readonly ImmutableSortedDictionary<string, LookupRecordType> RecordTypes = Words(
        (LookupRecordType.Static, "Static"), (LookupRecordType.Dynamic, "Dynamic"),
        (LookupRecordType.GatewayWildcard, "GatewayWildcard"), (LookupRecordType.L2Only, "L2Only"));

    /// <summary>The word of a value.</summary>
    public static string Of<T>(ImmutableSortedDictionary<string, T> words, T value)
        where T : struct, Enum => words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Key;

    private static ImmutableSortedDictionary<string, T> Words<T>(params (T Value, string Word)[] words) =>
        words.ToImmutableSortedDictionary(static w => w.Word, static w => w.Value, StringComparer.Ordinal);
}
