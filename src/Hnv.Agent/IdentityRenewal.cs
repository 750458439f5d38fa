using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hnv.Api.Client;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent;

/// <summary>
/// Renews this host's certificate when a third of its life is left. The key stays, so that there is one file to replace and no moment
/// in which certificate and key do not fit; the next connection uses the new one.
/// </summary>
/// <param name="request">Asks a controller (address, certificate request in PEM) for a certificate (PEM).</param>
internal sealed partial class IdentityRenewal(
    AgentIdentity identity,
    IReadOnlyList<string> controllers,
    Func<string, string, CancellationToken, Task<string>> request,
    TimeProvider time,
    ILogger<IdentityRenewal> log)
{
    /// <summary>Time between looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Why the certificate is due and was not renewed; null when it is not due.</summary>
    public string? Problem { get; private set; }

    /// <summary>Asks over HTTPS, with the identity as it stands.</summary>
    public static Func<string, string, CancellationToken, Task<string>> Over(AgentIdentity identity, string host) => async (controller, pem, ct) =>
    {
        HnvClientOptions options = HnvClientOptions.FromFiles(controller, identity.CertificateFile, identity.KeyFile, identity.AuthorityFile);
        using X509Certificate2? certificate = options.ClientCertificate, authority = options.CertificateAuthority;
        using var client = new HnvClient(options);
        return (await client.RenewAsync(host, pem, ct)).Certificate;
    };

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await RenewIfDueAsync(ct);
                await Task.Delay(Interval, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <returns>Whether a new certificate was written.</returns>
    public async Task<bool> RenewIfDueAsync(CancellationToken ct)
    {
        Problem = null;
        if (!identity.Exists)
        {
            return false;
        }

        try
        {
            DateTime until = await ReadDueAsync(ct);
            if (time.GetUtcNow().UtcDateTime < until)
            {
                return false;
            }

            using ECDsa key = ECDsa.Create();
            key.ImportFromPem(await File.ReadAllTextAsync(identity.KeyFile, ct));
            string pem = HostEnrollment.CreateRequest(key, "host");
            foreach (string controller in controllers.Where(c => c.StartsWith("https://", StringComparison.OrdinalIgnoreCase)))
            {
                try
                {
                    identity.Replace(await request(controller, pem, ct));
                    LogRenewed(log, controller);
                    Problem = null;
                    return true;
                }
                catch (HnvApiException e)
                {
                    Problem = $"This host's certificate is due and {controller} did not renew it: {e.Message}";
                    LogRefused(log, controller, e.Message);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Problem = $"This host's certificate cannot be renewed: {e.Message} Join again with 'hnv agent join'.";
            LogFailed(log, e);
        }

        return false;
    }

    private async Task<DateTime> ReadDueAsync(CancellationToken ct)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(identity.CertificateFile, ct));
        DateTime from = certificate.NotBefore.ToUniversalTime(), until = certificate.NotAfter.ToUniversalTime();
        return until - (until - from) / 3;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Controller} renewed this host's certificate")]
    private static partial void LogRenewed(ILogger log, string controller);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller} did not renew this host's certificate: {Reason}")]
    private static partial void LogRefused(ILogger log, string controller, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "This host's certificate cannot be renewed")]
    private static partial void LogFailed(ILogger log, Exception e);
}
