using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.StateLog;
using Microsoft.AspNetCore.WebUtilities;

namespace Hnv.Controller.Rest;

/// <summary>Turns what goes wrong into problem details.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null or 0, ContentType: null })
            {
                await WriteAsync(context, context.Response.StatusCode, null, null);
            }
        }
        catch (ProblemException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, e.Status, e.Message, e);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, e.StatusCode, e.Message, null);
        }
        catch (StateLogException e) when (!context.Response.HasStarted)
        {
            LogFailed(e, context.Request.Method, context.Request.Path);
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"The state log does not answer: {e.Message}", null);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; nobody is left to answer.
        }
        catch (Exception e) when (!context.Response.HasStarted && e is not OperationCanceledException)
        {
            LogFailed(e, context.Request.Method, context.Request.Path);
            await WriteAsync(context, StatusCodes.Status500InternalServerError, "The controller failed; its log says how.", null);
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, string? detail, ProblemException? problem)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = HnvProblem.ContentType;
        var body = new HnvProblem
        {
            Title = ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = detail,
            Findings = problem?.Findings,
        };
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, HnvJson.Options), context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, PathString path);
}
