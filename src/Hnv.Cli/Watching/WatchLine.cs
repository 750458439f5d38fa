using System.Text.Json;
using Hnv.Api.Rest;

namespace Hnv.Cli.Watching;

/// <summary>A line of <c>--watch -o json</c>: what the API's watch says, for views and for what hosts answer as well.</summary>
/// <param name="Revision">As of which it is so; null of what has none: a host's kernel.</param>
/// <param name="Object">As it is, or as it was last before it went.</param>
internal sealed record WatchLine(WatchEventType Type, long? Revision, JsonElement Object);
