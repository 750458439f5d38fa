using Hnv.Api.Rest;
using Hnv.Model;
using Microsoft.AspNetCore.WebUtilities;

namespace Hnv.Controller.Rest.Description;

/// <summary>Problem details (RFC 9457) as the controller answers them, by status.</summary>
internal static class ProblemExamples
{
    public static HnvProblem Of(int status) => new()
    {
        Title = ReasonPhrases.GetReasonPhrase(status),
        Status = status,
        Detail = status switch
        {
            StatusCodes.Status400BadRequest => "The body is not the JSON that is expected: '}' is invalid after a property name.",
            StatusCodes.Status401Unauthorized => "This needs an identity: a client certificate of this cloud.",
            StatusCodes.Status403Forbidden => "tenant:red-corp may not GET /api/v1/tenants/blue-corp/ports.",
            StatusCodes.Status404NotFound => "There is no Port blue-corp/blue9.",
            StatusCodes.Status409Conflict => "Host host1: is used by Port blue-corp/blue1.",
            StatusCodes.Status410Gone => "Revision 3 is too old or not there yet; list again and watch from there.",
            StatusCodes.Status412PreconditionFailed => "Port blue-corp/blue1 is at revision 42, not 17: somebody changed it.",
            StatusCodes.Status413PayloadTooLarge => "Request body too large.",
            StatusCodes.Status415UnsupportedMediaType => "The body must be application/json, not 'text/plain'.",
            StatusCodes.Status422UnprocessableEntity => "2 things are wrong; nothing was changed.",
            StatusCodes.Status502BadGateway => "The host's agent cannot read the map.",
            StatusCodes.Status503ServiceUnavailable => "The state log is not followed; the controller's log says why.",
            StatusCodes.Status504GatewayTimeout => "Host host1 is not connected.",
            _ => null,
        },
        Findings = status == StatusCodes.Status422UnprocessableEntity
            ?
            [
                new Finding("Port blue-corp/blue1", "/vsid", "there is no virtual subnet 5009 in VM network 'blue'", "it has 5001", 0),
                new Finding("Port blue-corp/blue1", "/addresses/0", "10.9.0.5 is not in the subnet", null, 0),
            ]
            : null,
    };
}
