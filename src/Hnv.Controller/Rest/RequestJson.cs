using System.Text.Json;
using Hnv.Api;

namespace Hnv.Controller.Rest;

/// <summary>Reads request bodies and headers; throws <see cref="ProblemException"/> for what is wrong with them.</summary>
internal static class RequestJson
{
    /// <summary>A JSON value of any shape.</summary>
    public static async Task<JsonElement> ReadElementAsync(HttpContext context) => await ReadAsync<JsonElement>(context);

    /// <summary>415 for other content types, 400 for what is not such JSON, nulls in its lists included, 413 for too much of it.</summary>
    public static async Task<T> ReadAsync<T>(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new ProblemException(
                StatusCodes.Status415UnsupportedMediaType, $"The body must be application/json, not '{context.Request.ContentType}'.");
        }

        try
        {
            T body = await JsonSerializer.DeserializeAsync<T>(context.Request.Body, HnvJson.Options, context.RequestAborted)
                ?? throw new ProblemException(StatusCodes.Status400BadRequest, "The body is null.");
            return NullElements.Find(body) is { } place
                ? throw new ProblemException(StatusCodes.Status400BadRequest, $"The body is not the JSON that is expected: {place} is null.")
                : body;
        }
        catch (JsonException e)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, $"The body is not the JSON that is expected: {e.Message}", null, e);
        }
    }

    /// <summary>The revision of <c>If-Match: "17"</c>; null without the header or with <c>*</c>; 0 with <c>If-None-Match: *</c>.</summary>
    public static long? ExpectedRevision(HttpRequest request)
    {
        if (request.Headers.IfNoneMatch.ToString().Trim() == "*")
        {
            return 0;
        }

        string text = request.Headers.IfMatch.ToString().Trim();
        if (text.Length == 0 || text == "*")
        {
            return null;
        }

        return long.TryParse(text.Trim('"'), System.Globalization.NumberStyles.None, null, out long revision)
            ? revision
            : throw new ProblemException(StatusCodes.Status400BadRequest, $"If-Match holds a revision, such as \"17\"; '{text}' is none.");
    }
}
