using System.Text.Json;

namespace Hnv.Api.Rest;

/// <summary>
/// A line of <c>?watch=true&amp;revision=N</c>: every change after revision N, oldest first, then those to come.
/// A bookmark says that everything up to its revision was sent.
/// </summary>
/// <param name="Object">The object as GET shows it; for a deletion as it was. Null in bookmarks.</param>
public sealed record WatchEvent(WatchEventType Type, long Revision, JsonElement? Object = null);

/// <summary>Kinds of <see cref="WatchEvent"/>.</summary>
public enum WatchEventType
{
    Put,
    Delete,
    Bookmark,
}
