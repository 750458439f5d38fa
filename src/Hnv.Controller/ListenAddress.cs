using System.Net;

namespace Hnv.Controller;

/// <summary>One <c>--listen</c>: a TCP end point, with or without TLS, or the path of a unix socket.</summary>
internal sealed record ListenAddress(IPEndPoint? EndPoint, bool Tls, string? UnixPath)
{
    /// <exception cref="ControllerStartException">It is none, or one that would let strangers in.</exception>
    public static ListenAddress Parse(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal) && text.Length > 5 && !text.Contains('\0', StringComparison.Ordinal))
        {
            return new ListenAddress(null, false, Path.GetFullPath(text[5..]));
        }

        if (!Uri.TryCreate(text.Replace("://*:", "://[::]:", StringComparison.Ordinal), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
        {
            throw new ControllerStartException($"--listen {text} is not understood; write http://127.0.0.1:8640, https://ADDRESS:8640 or unix:PATH.");
        }

        IPAddress? address = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? parsed) ? parsed : null;
        if (address is null)
        {
            throw new ControllerStartException($"--listen {text} names no address of this machine; write an IP address, or * for all.");
        }

        bool tls = uri.Scheme == "https";
        return tls || IPAddress.IsLoopback(address)
            ? new ListenAddress(new IPEndPoint(address, uri.Port), tls, null)
            : throw new ControllerStartException(
                $"--listen {text} would give the cloud to everybody on that network: without TLS the controller listens on loopback and unix sockets only. "
                + $"Run 'hnv controller init', then listen on https://{uri.Authority}.");
    }
}
