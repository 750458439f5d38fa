namespace Hnv.Model;

/// <summary>
/// One thing wrong with an input, in the user's own names. <paramref name="Field"/> is a JSON pointer (RFC 6901) into the object,
/// such as <c>/subnets/0/prefixes/1</c>; empty for the object as a whole.
/// </summary>
/// <param name="Object">What it is about: <c>Port blue-corp/blue1</c>.</param>
/// <param name="Field">JSON pointer into that object.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Remedy">What would be right; null where the problem says it.</param>
/// <param name="Document">Zero-based number of the document in the request that the finding is about, where several were sent.</param>
public sealed record Finding(string Object, string Field, string Problem, string? Remedy = null, int? Document = null);
