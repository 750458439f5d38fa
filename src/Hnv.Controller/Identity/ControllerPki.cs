using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Resources;
using Hnv.Model.Addressing;
using Hnv.StateLog.Sqlite;

namespace Hnv.Controller.Identity;

/// <summary>
/// The cloud's certificate authority and what it issues; PEM files under <c>DATA/pki</c>, keys readable by their owner only.
/// Common names say who somebody is: see <see cref="Authentication.OfCertificate"/>.
/// </summary>
public sealed class ControllerPki : IDisposable
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan s_authorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan s_operatorLifetime = TimeSpan.FromDays(730);
    private static readonly TimeSpan s_hostLifetime = TimeSpan.FromDays(90);

    private readonly TimeProvider _time;

    private ControllerPki(X509Certificate2 authority, X509Certificate2 server, TimeProvider time)
    {
        Authority = authority;
        Server = server;
        _time = time;
    }

    /// <summary>The authority's certificate, with its key.</summary>
    internal X509Certificate2 Authority { get; }

    /// <summary>This controller's server certificate, with its key.</summary>
    internal X509Certificate2 Server { get; }

    /// <summary>SHA-256 of the authority's DER.</summary>
    internal byte[] Fingerprint => SHA256.HashData(Authority.RawData);

    internal string AuthorityPem => Authority.ExportCertificatePem();

    /// <summary>The directory of the PEM files.</summary>
    public static string DirectoryOf(string dataDirectory) => Path.Combine(dataDirectory, "pki");

    /// <summary>Whether <see cref="Initialize"/> was done.</summary>
    public static bool Exists(string dataDirectory) => File.Exists(Path.Combine(DirectoryOf(dataDirectory), "ca.crt"));

    /// <summary>
    /// Makes the authority (<c>ca.crt</c>, <c>ca.key</c>), a server certificate (<c>server.*</c>) and an administrator's client
    /// certificate (<c>admin.*</c>). Returns the directory.
    /// </summary>
    /// <param name="names">DNS names and addresses by which hosts and people reach the controller, besides this machine's own.</param>
    /// <exception cref="ControllerStartException">A name is none. There is an authority already, or a restore is about to bring one: another one would lock out every host.</exception>
    public static string Initialize(string dataDirectory, IEnumerable<string> names, TimeProvider? time = null)
    {
        string directory = DirectoryOf(dataDirectory);
        if (names.FirstOrDefault(static n => !AddressText.TryParseAddress(n, out _, out _) && !IsDnsName(n)) is { } wrong)
        {
            throw new ControllerStartException($"{BindingContext.Quote(wrong)} is neither an address nor a DNS name. No certificate was made.");
        }

        if (Exists(dataDirectory))
        {
            throw new ControllerStartException($"{directory} holds a certificate authority already; hosts trust it. Move the directory away to begin anew.");
        }

        if (Directory.Exists(directory + LogRestore.Unpacked))
        {
            throw new ControllerStartException(
                $"A restore was broken off ({directory + LogRestore.Unpacked} is there), and hosts trust the authority that it brings, or that it set aside. "
                + "Run it again: 'hnv controller restore FILE'.");
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        DateTimeOffset now = (time ?? TimeProvider.System).GetUtcNow();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=hnv authority {now:yyyy-MM-dd}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using X509Certificate2 authority = request.CreateSelfSigned(now.AddMinutes(-5), now + s_authorityLifetime);
        Write(directory, "ca", authority.ExportCertificatePem(), key);

        using ECDsa serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 server = Issue(authority, "controller", serverKey.ExportSubjectPublicKeyInfo(), ServerAuth, ServerNames(names), now, s_operatorLifetime);
        Write(directory, "server", server.ExportCertificatePem(), serverKey);

        using ECDsa adminKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 admin = Issue(authority, "admin", adminKey.ExportSubjectPublicKeyInfo(), ClientAuth, null, now, s_operatorLifetime);
        Write(directory, "admin", admin.ExportCertificatePem(), adminKey);
        return directory;
    }

    /// <summary>Reads what <see cref="Initialize"/> made; null when it was not done.</summary>
    /// <exception cref="ControllerStartException">Files are missing or damaged.</exception>
    public static ControllerPki? Load(string dataDirectory, TimeProvider? time = null)
    {
        if (!Exists(dataDirectory))
        {
            return null;
        }

        string directory = DirectoryOf(dataDirectory);
        try
        {
            return new ControllerPki(Read(directory, "ca"), Read(directory, "server"), time ?? TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException)
        {
            // ArgumentException: a key of another certificate.
            throw new ControllerStartException($"The certificates in {directory} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Makes a tenant administrator's client certificate; both PEM.</summary>
    public (string Certificate, string PrivateKey) IssueTenantAdmin(string tenant)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Issue(
            Authority, $"tenant:{tenant}", key.ExportSubjectPublicKeyInfo(), ClientAuth, null, _time.GetUtcNow(), s_operatorLifetime);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        Authority.Dispose();
        Server.Dispose();
    }

    /// <summary>Makes a host's client certificate from its request; whatever subject that holds.</summary>
    /// <exception cref="CryptographicException">It is no PKCS #10 request, or its signature is wrong.</exception>
    internal X509Certificate2 IssueHost(string host, string requestPem)
    {
        CertificateRequest request = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"hnv://host/{Uri.EscapeDataString(host)}"));
        return Issue(Authority, $"host:{host}", request.PublicKey.ExportSubjectPublicKeyInfo(), ClientAuth, names, _time.GetUtcNow(), s_hostLifetime);
    }

    /// <summary>Whether our authority issued that client certificate, and it is valid now.</summary>
    internal bool IsOurClient(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuth));
        return chain.Build(certificate);
    }

    private static X509Certificate2 Issue(
        X509Certificate2 authority, string commonName, byte[] subjectPublicKey, string usage, SubjectAlternativeNameBuilder? names, DateTimeOffset now, TimeSpan lifetime)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        var request = new CertificateRequest(subject.Build(), PublicKey.CreateFromSubjectPublicKeyInfo(subjectPublicKey, out _), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        DateTimeOffset end = now + lifetime;
        var last = new DateTimeOffset(authority.NotAfter);
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return request.Create(authority, now.AddMinutes(-5), end < last ? end : last, serial);
    }

    private static SubjectAlternativeNameBuilder ServerNames(IEnumerable<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (string name in names.Concat(["localhost", "127.0.0.1", "::1", Environment.MachineName]).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (AddressText.TryParseAddress(name, out IPAddress address, out _))
            {
                builder.AddIpAddress(address);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder;
    }

    /// <summary>RFC 1123; one whose last label is digits is an address that is wrong.</summary>
    private static bool IsDnsName(string name) => Uri.CheckHostName(name) == UriHostNameType.Dns && !name.TrimEnd('.').Split('.')[^1].All(char.IsAsciiDigit);

    private static void Write(string directory, string name, string certificate, ECDsa key)
    {
        var mine = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var writer = new StreamWriter(Path.Combine(directory, $"{name}.key"), mine))
        {
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        File.WriteAllText(Path.Combine(directory, $"{name}.crt"), certificate + "\n");
    }

    private static X509Certificate2 Read(string directory, string name) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(directory, $"{name}.crt"), Path.Combine(directory, $"{name}.key"));
}
