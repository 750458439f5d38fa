using System.Net;
using System.Security.Cryptography.X509Certificates;
using Hnv.Controller.Rest;

namespace Hnv.Controller.Identity;

/// <summary>
/// From a connection to a principal:
/// TLS — the client certificate, which the handshake checked against our authority; unix socket — <see cref="SocketUsers"/> says; plain
/// loopback — whoever is on this machine is an administrator.
/// </summary>
internal static class Authentication
{
    public static Principal PrincipalOf(HttpContext context)
    {
        if (context.Features.Get<ITlsConnectionFeature>() is { } tls)
        {
            return tls.ClientCertificate is { } certificate ? OfCertificate(certificate) : Principal.Nobody;
        }

        if (PeerCredentials.Of(context) is { } user)
        {
            return context.RequestServices.GetRequiredService<SocketUsers>().PrincipalOf(user);
        }

        IPAddress? peer = context.Connection.RemoteIpAddress;
        if (peer is null || !IPAddress.IsLoopback(peer))
        {
            return Principal.Nobody;
        }

        // A page in this machine's browser reaches loopback too, under a name that its owner points here (DNS rebinding).
        string host = context.Request.Host.Host;
        return IsLoopbackName(host)
            ? Principal.Administrator
            : throw new ProblemException(
                StatusCodes.Status421MisdirectedRequest, $"Without TLS this controller answers to 127.0.0.1, [::1] and localhost only, not to '{host}'.");
    }

    /// <summary>The common name says who it is: <c>admin</c>, <c>tenant:NAME</c>, <c>host:NAME</c>.</summary>
    public static Principal OfCertificate(X509Certificate2 certificate) =>
        certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false).Split(':', 2) switch
        {
            ["admin"] => Principal.Administrator,
            ["tenant", { Length: > 0 } tenant] => new Principal.TenantAdmin(tenant),
            ["host", { Length: > 0 } host] => new Principal.Host(host),
            _ => Principal.Nobody,
        };

    private static bool IsLoopbackName(string host) =>
        host is "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
