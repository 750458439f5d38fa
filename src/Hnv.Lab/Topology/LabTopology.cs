using System.Collections.Immutable;
using Hnv.Api.Manifests;

namespace Hnv.Lab.Topology;

/// <summary>
/// What a lab file asks for: machines, and the cloud they belong to. Made by <see cref="LabFileReader"/>; <see cref="LabBuilder"/>
/// writes such a file from code.
/// </summary>
/// <param name="Text">The whole file, as it was read.</param>
/// <param name="FileName">Where it came from, for messages.</param>
/// <param name="Cloud">The documents for the controller.</param>
/// <param name="Files">What the programs of the VMs find where they start.</param>
public sealed record LabTopology(
    string Text, string FileName, ImmutableArray<ManifestDocument> Cloud, ImmutableArray<LabHostSpec> Hosts, ImmutableArray<LabVmSpec> Vms,
    ImmutableArray<LabFileSpec> Files)
{
    /// <summary>The lab that <c>hnv lab up</c> starts without a file: Microsoft's sample of two tenants with equal addresses.</summary>
    public static LabTopology Default { get; } = ReadDefault();

    private static LabTopology ReadDefault()
    {
        const string Name = "default.yaml";
        using Stream stream = typeof(LabTopology).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"The resource {Name} is missing from the build.");
        using var reader = new StreamReader(stream);
        return LabFileReader.Parse(reader.ReadToEnd(), "lab/" + Name);
    }
}
