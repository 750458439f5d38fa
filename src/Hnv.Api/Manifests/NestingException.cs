using YamlDotNet.Core;

namespace Hnv.Api.Manifests;

/// <summary>A document is nested deeper than <see cref="ManifestReader.MaxDepth"/>.</summary>
internal sealed class NestingException(Mark start, Mark end)
    : YamlException(start, end, $"more than {ManifestReader.MaxDepth} levels of nesting");
