using Hnv.Controller.Rest;

namespace Hnv.Controller.Identity;

/// <summary>The certificate authority, where there is one.</summary>
internal sealed class PkiAccess(ControllerPki? pki)
{
    /// <exception cref="ProblemException">409: there is none.</exception>
    public ControllerPki Required => pki ?? throw new ProblemException(
        StatusCodes.Status409Conflict, "This controller has no certificate authority. 'hnv controller init' makes one; then let it listen on https://.");
}
