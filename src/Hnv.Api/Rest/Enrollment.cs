namespace Hnv.Api.Rest;

/// <summary>Answer of <c>POST /api/v1/hosts/H/enrollments</c>: a token that turns into H's client certificate, once.</summary>
/// <param name="Token">Secret; names the certificate authority by fingerprint. See <see cref="EnrollmentToken"/>.</param>
public sealed record EnrollmentAnswer(string Host, string Token, DateTimeOffset ExpiresAt);

/// <summary>Body of <c>POST /api/v1/enroll</c>: the token and a PKCS #10 request in PEM. Its subject is ignored.</summary>
public sealed record EnrollRequest(string Token, string CertificateRequest);

/// <summary>Body of <c>POST /api/v1/hosts/H/renew</c>.</summary>
public sealed record RenewRequest(string CertificateRequest);

/// <summary>The host's client certificate, and the certificate authority to trust; both PEM.</summary>
public sealed record CertificateAnswer(string Host, string Certificate, string CertificateAuthority, DateTimeOffset NotAfter);

/// <summary>Answer of <c>GET /api/v1/ca</c>: the certificate authority, PEM. To be checked against a fingerprint from elsewhere.</summary>
public sealed record CertificateAuthorityAnswer(string CertificateAuthority);
