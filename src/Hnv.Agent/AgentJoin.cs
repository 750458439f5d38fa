using Hnv.Api.Client;

namespace Hnv.Agent;

/// <summary><c>hnv agent join TOKEN</c>: turns a one-time token into this host's identity.</summary>
public static class AgentJoin
{
    /// <summary>Joins, and keeps certificate, key and authority in the state directory.</summary>
    /// <param name="controller">Address of a controller, https.</param>
    /// <param name="token">As <c>hnv host enroll NAME</c> printed it.</param>
    /// <param name="stateDirectory">The agent's; null for the default.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The host's name, as the certificate says it.</returns>
    /// <exception cref="FormatException">The token or the address is none.</exception>
    /// <exception cref="HnvApiException">The controller is not the one that made the token, refuses it, or cannot be reached.</exception>
    /// <exception cref="IOException">The identity cannot be written.</exception>
    public static async Task<string> RunAsync(string controller, string token, string? stateDirectory, CancellationToken ct)
    {
        HostIdentity identity = await HostEnrollment.JoinAsync(controller, token, ct);
        string directory = Path.GetFullPath(stateDirectory ?? AgentOptions.DefaultStateDirectory);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        new AgentIdentity(directory).Save(identity.CertificatePem, identity.PrivateKeyPem, identity.AuthorityPem);
        return identity.Host;
    }
}
