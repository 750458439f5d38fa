using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Rest;

namespace Hnv.Api.Client;

/// <summary>A host's identity: client certificate, its private key and the authority to trust; all PEM.</summary>
public sealed record HostIdentity(string Host, string CertificatePem, string PrivateKeyPem, string AuthorityPem);

/// <summary>
/// Turns a one-time token into a host's identity:
/// <list type="number">
/// <item>fetch the certificate authority over a connection that nobody vouches for yet;</item>
/// <item>compare its fingerprint with the one in the token: from here on only this authority is trusted;</item>
/// <item>make a key, which never leaves this machine, and send token and certificate request.</item>
/// </list>
/// </summary>
public static class HostEnrollment
{
    /// <exception cref="FormatException">The token is none.</exception>
    /// <exception cref="HnvApiException">The controller is not the one that made the token, or refuses it (used, expired).</exception>
    public static async Task<HostIdentity> JoinAsync(string controller, string token, CancellationToken cancellationToken = default)
    {
        EnrollmentToken parsed = EnrollmentToken.Parse(token);
        using X509Certificate2 authority = await FetchAuthorityAsync(controller, parsed, cancellationToken);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var client = new HnvClient(new HnvClientOptions(controller, null, authority));
        CertificateAnswer answer = await client.EnrollAsync(new EnrollRequest(token, CreateRequest(key, "host")), cancellationToken);
        return new HostIdentity(answer.Host, answer.Certificate, key.ExportPkcs8PrivateKeyPem(), answer.CertificateAuthority);
    }

    /// <summary>A certificate request in PEM, for <see cref="HnvClient.RenewAsync"/>. The controller ignores the subject.</summary>
    public static string CreateRequest(ECDsa key, string commonName) =>
        new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    private static async Task<X509Certificate2> FetchAuthorityAsync(string controller, EnrollmentToken token, CancellationToken cancellationToken)
    {
        using var client = new HnvClient(new HnvClientOptions(controller) { AcceptAnyServer = true });
        CertificateAuthorityAnswer answer = await client.Rest.GetAsync<CertificateAuthorityAnswer>($"{RestPaths.Root}/ca", cancellationToken);
        return ReadAuthority(answer.CertificateAuthority, controller, token);
    }

    /// <summary>What a controller says is its authority, if it is the one that the token names.</summary>
    /// <exception cref="HnvApiException">It is not, or no certificate at all.</exception>
    internal static X509Certificate2 ReadAuthority(string pem, string controller, EnrollmentToken token)
    {
        X509Certificate2 authority;
        try
        {
            authority = X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new HnvApiException($"The controller at {controller} shows no certificate authority: {e.Message}", HttpStatusCode.OK, null, e);
        }

        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(authority.RawData), token.AuthorityFingerprint))
        {
            authority.Dispose();
            throw new HnvApiException(
                $"The controller at {controller} is not the one that made this token: its certificate authority has another fingerprint.");
        }

        return authority;
    }
}
