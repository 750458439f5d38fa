using System.Security.Cryptography.X509Certificates;

namespace Hnv.Api.Client;

/// <summary>Where the controller is, and who calls.</summary>
/// <param name="Controller"><c>http://…</c>, <c>https://…</c> or <c>unix:PATH</c>.</param>
/// <param name="ClientCertificate">With private key; needed with https. Owned by the caller.</param>
/// <param name="CertificateAuthority">The only authority that is trusted with https; null: those of the system.</param>
public sealed record HnvClientOptions(
    string Controller, X509Certificate2? ClientCertificate = null, X509Certificate2? CertificateAuthority = null)
{
    /// <summary>How long a request may take; streams and long polls excepted.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long connecting may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Called when a request is sent; what it gives is disposed of when the answer is there. Streams wait for nothing.</summary>
    public Func<IDisposable?>? Waiting { get; init; }

    /// <summary>Takes whatever certificate the server shows: only to fetch an authority that is then checked by its fingerprint.</summary>
    internal bool AcceptAnyServer { get; init; }

    /// <summary>Reads certificate, key and authority from PEM files.</summary>
    public static HnvClientOptions FromFiles(string controller, string? certificateFile, string? keyFile, string? authorityFile) => new(
        controller,
        certificateFile is null ? null : X509Certificate2.CreateFromPemFile(certificateFile, keyFile),
        authorityFile is null ? null : X509CertificateLoader.LoadCertificateFromFile(authorityFile));
}
