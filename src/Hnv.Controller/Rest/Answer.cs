using Hnv.Api;

namespace Hnv.Controller.Rest;

/// <summary>JSON answers in the one JSON of the project.</summary>
internal static class Answer
{
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, HnvJson.Options, "application/json", status);
}
