using Microsoft.AspNetCore.Http.Metadata;

namespace Hnv.Controller.Rest;

/// <summary>What an endpoint reads at most, in bytes, where that is less than of others; beyond it a request is answered with 413.</summary>
internal sealed record RequestLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
