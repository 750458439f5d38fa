namespace Hnv.Controller.Rest.Description;

/// <summary>What goes over the wire in one operation, for those who read the description. Texts are text/plain; all else is JSON.</summary>
/// <param name="Request">Body; null where there is none.</param>
/// <param name="Response">Body of the answer; null where there is none (204), or where it is a stream alone.</param>
/// <param name="Stream">Lines of the answer where it is, or with <c>watch=true</c> becomes, a stream.</param>
internal sealed record OperationExamples(object? Request = null, object? Response = null, IReadOnlyList<object>? Stream = null);
