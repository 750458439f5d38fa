using System.Collections.Immutable;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Api.Manifests;

/// <summary>What is in a manifest file.</summary>
/// <param name="Documents">The documents without an error of form, in the file's order; empty ones are left out.</param>
/// <param name="Errors">Errors of form, in the file's order.</param>
public sealed record ManifestReadResult(ImmutableArray<ManifestDocument> Documents, ImmutableArray<ManifestError> Errors);

/// <summary>Documents as resources, and findings as errors of documents.</summary>
public static class ManifestBinding
{
    /// <summary>
    /// Reads every document as a resource of the controller. A finding's document number is the place in <paramref name="documents"/>.
    /// Take lab documents out before.
    /// </summary>
    public static (ImmutableArray<Resource> Resources, ImmutableArray<ManifestError> Errors) Read(
        IReadOnlyList<ManifestDocument> documents, string defaultTenant = ResourceId.DefaultTenant)
    {
        ImmutableArray<Resource>.Builder resources = ImmutableArray.CreateBuilder<Resource>(documents.Count);
        List<Finding> findings = [];
        for (int i = 0; i < documents.Count; i++)
        {
            var options = new ResourceReadOptions { DefaultTenant = defaultTenant, Document = i };
            if (ResourceJson.TryRead(documents[i].Root, options, out Resource? resource, findings))
            {
                resources.Add(resource);
            }
        }

        return (resources.ToImmutable(), Locate(findings, documents));
    }

    /// <summary>
    /// Findings about documents that were sent in this order, with file and line; in the order of documents and lines, what belongs
    /// to none of them last.
    /// </summary>
    public static ImmutableArray<ManifestError> Locate(IEnumerable<Finding> findings, IReadOnlyList<ManifestDocument> documents) =>
    [
        .. findings
            .Select(f => (Document: f.Document is { } i && i >= 0 && i < documents.Count ? i : int.MaxValue, Finding: f))
            .Select(f => (f.Document, Error: f.Document == int.MaxValue ? Unplaced(f.Finding) : documents[f.Document].ErrorOf(f.Finding)))
            .OrderBy(static e => e.Document).ThenBy(static e => e.Error.Line)
            .Select(static e => e.Error),
    ];

    private static ManifestError Unplaced(Finding finding) =>
        new(null, null, null, finding.Object, finding.Field, finding.Problem, finding.Remedy);
}
