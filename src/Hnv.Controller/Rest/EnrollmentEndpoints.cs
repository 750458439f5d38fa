using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Rest;
using Hnv.Controller.Identity;
using Hnv.Controller.Store;

namespace Hnv.Controller.Rest;

/// <summary>How a machine gets a host's identity, and keeps it.</summary>
internal static class EnrollmentEndpoints
{
    /// <summary>Bytes; anybody may send this one, and a token with a request for a certificate has some two thousand.</summary>
    private const long MaxEnrollBytes = 64 * 1024;

    /// <summary>id-ecPublicKey, RFC 5480.</summary>
    private const string EllipticCurve = "1.2.840.10045.2.1";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet($"{RestPaths.Root}/ca", (PkiAccess pki) => Answer.Json(new CertificateAuthorityAnswer(pki.Required.AuthorityPem)))
            .For(Access.Public, "The certificate authority; to be checked against the fingerprint in a token.")
            .Produces<CertificateAuthorityAnswer>()
            .Problems(StatusCodes.Status409Conflict);

        app.MapPost($"{RestPaths.Root}/hosts/{{host}}/enrollments", async (HttpContext context, string host, PkiAccess pki, EnrollmentStore tokens, ModelStore store) =>
            {
                ControllerPki required = pki.Required;
                return store.State.Model.FindHost(host) is null
                    ? throw ProblemException.NotFound($"Host {host}; apply it first")
                    : Answer.Json(await tokens.CreateAsync(host, required, context.RequestAborted), StatusCodes.Status201Created);
            })
            .For(Access.Admin, "A one-time token with which a machine becomes that host.")
            .Produces<EnrollmentAnswer>(StatusCodes.Status201Created)
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);

        app.MapPost($"{RestPaths.Root}/enroll", async (HttpContext context, PkiAccess pki, EnrollmentStore tokens, ModelStore store) =>
            {
                ControllerPki required = pki.Required;
                EnrollRequest request = await RequestJson.ReadAsync<EnrollRequest>(context);
                CheckRequest(request.CertificateRequest);
                string host = await tokens.RedeemAsync(request.Token, context.RequestAborted);

                // It may have been deleted since the token was made; only who has the token learns so.
                return store.State.Model.FindHost(host) is null
                    ? throw ProblemException.NotFound($"Host {host} any more")
                    : Certificate(required, host, request.CertificateRequest);
            })
            .For(Access.Public, "Exchanges a one-time token for the host's client certificate.")
            .WithMetadata(new RequestLimit(MaxEnrollBytes))
            .Accepts<EnrollRequest>("application/json")
            .Produces<CertificateAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType);

        app.MapPost($"{RestPaths.Root}/hosts/{{host}}/renew", async (HttpContext context, string host, PkiAccess pki, ModelStore store) =>
            {
                ControllerPki required = pki.Required;
                RenewRequest request = await RequestJson.ReadAsync<RenewRequest>(context);
                CheckRequest(request.CertificateRequest);
                return store.State.Model.FindHost(host) is null
                    ? throw ProblemException.NotFound($"Host {host}")
                    : Certificate(required, host, request.CertificateRequest);
            })
            .For(Access.OfHost, "A new client certificate for a host that has a valid one.")
            .Accepts<RenewRequest>("application/json")
            .Produces<CertificateAnswer>()
            .Problems(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status415UnsupportedMediaType);
    }

    /// <summary>Before the token is used up.</summary>
    /// <exception cref="ProblemException">400: it is none.</exception>
    internal static void CheckRequest(string pem)
    {
        try
        {
            // As our authority's own: another kind it cannot sign.
            if (CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256).PublicKey.Oid.Value != EllipticCurve)
            {
                throw new ProblemException(StatusCodes.Status400BadRequest, "certificateRequest is not for an ECDSA key, which 'hnv agent join' makes.");
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, $"certificateRequest is no PKCS #10 request in PEM: {e.Message}", null, e);
        }
    }

    private static IResult Certificate(ControllerPki pki, string host, string requestPem)
    {
        using X509Certificate2 certificate = pki.IssueHost(host, requestPem);
        return Answer.Json(new CertificateAnswer(host, certificate.ExportCertificatePem(), pki.AuthorityPem, new DateTimeOffset(certificate.NotAfter)));
    }
}
