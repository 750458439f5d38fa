using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Hnv.Api.Client;

/// <summary>
/// Makes the <see cref="HttpClient"/> for a controller's address: HTTP/2 with TLS, where all requests and streams share a connection and its
/// handshake; HTTP/1.1 without, where nothing would negotiate another.
/// </summary>
internal static class ControllerTransport
{
    private const string UnixScheme = "unix:";

    /// <summary>After so much silence of an HTTP/2 connection that carries requests the controller is pinged …</summary>
    private static readonly TimeSpan s_pingDelay = TimeSpan.FromSeconds(15);

    /// <summary>… and has so long to answer.</summary>
    private static readonly TimeSpan s_pingTimeout = TimeSpan.FromSeconds(10);

    /// <exception cref="FormatException">The address has none of the known forms.</exception>
    public static HttpClient Create(HnvClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            UseCookies = false,
            AllowAutoRedirect = false,
            UseProxy = false,
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            // A stream and all requests share one connection in HTTP/2: what no packet comes through is given up, and with it all of them.
            KeepAlivePingDelay = s_pingDelay,
            KeepAlivePingTimeout = s_pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        Uri baseAddress;
        if (options.Controller.StartsWith(UnixScheme, StringComparison.Ordinal))
        {
            string path = options.Controller[UnixScheme.Length..];
            handler.ConnectCallback = (_, cancellationToken) => ConnectUnixAsync(path, cancellationToken);
            baseAddress = new Uri("http://localhost/");
        }
        else if (Uri.TryCreate(options.Controller, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
        {
            baseAddress = uri;
        }
        else
        {
            throw new FormatException($"'{options.Controller}' is not the address of a controller: http://HOST:PORT, https://HOST:PORT or unix:PATH.");
        }

        if (baseAddress.Scheme == "https")
        {
            handler.SslOptions = Tls(options);
        }

        return new HttpClient(handler)
        {
            BaseAddress = baseAddress,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = baseAddress.Scheme == "https" ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }

    private static SslClientAuthenticationOptions Tls(HnvClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.ClientCertificate is { } certificate)
        {
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        if (options.CertificateAuthority is { } authority)
        {
            tls.CertificateChainPolicy = TrustOnly(authority);
        }
        else if (options.AcceptAnyServer)
        {
            tls.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
        }

        return tls;
    }

    private static X509ChainPolicy TrustOnly(X509Certificate2 authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(authority);
        return policy;
    }

    private static async ValueTask<System.IO.Stream> ConnectUnixAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // The framework has no error of sockets for it, and speaks of an address that cannot be assigned.
            socket.Dispose();
            throw new FileNotFoundException($"there is no socket {path}", path, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
