using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Api.Manifests;

/// <summary>One document of a manifest file: well-formed YAML, an object, and not checked any further.</summary>
/// <param name="FileName">As the user gave it.</param>
/// <param name="Root">The document as JSON, plain scalars typed by the core schema of YAML 1.2.</param>
/// <param name="Source">Where its parts are in the file.</param>
public sealed record ManifestDocument(string FileName, JsonElement Root, SourceMap Source)
{
    /// <summary>What the document says its kind is; null if it says nothing usable.</summary>
    public string? KindName { get; } = Text(Root, "kind");

    /// <summary>What the document says its name is; null if it says nothing usable.</summary>
    public string? Name { get; } = Text(Root, "name");

    /// <summary>The kind, if it is one the controller keeps.</summary>
    public ResourceKind? Kind => ResourceKinds.OfManifest(KindName);

    /// <summary>Whether it is one of the kinds of lab files, which no controller sees.</summary>
    public bool IsLab => ResourceKinds.IsLab(KindName);

    /// <summary>A context to read the document with <see cref="StrictObject"/>; <see cref="ErrorOf"/> turns its findings into errors.</summary>
    public BindingContext Bind(ICollection<Finding> findings) =>
        new(KindName is null ? "document" : Name is null ? KindName : $"{KindName} {Name}", null, findings);

    /// <summary>A finding about this document, with file and line.</summary>
    public ManifestError ErrorOf(Finding finding) =>
        new(FileName, Source.Locate(finding.Field).Line, null, finding.Object, finding.Field, finding.Problem, finding.Remedy);

    private static string? Text(JsonElement root, string field) =>
        StrictObject.TextOf(root, field) is { Length: > 0 } text ? text : null;
}
