using System.Net;

namespace Hnv.Model.Resources;

/// <summary>
/// What a subnet was told to forget of what its VMs brought: whatever was learned in an epoch before <paramref name="Epoch"/>, wherever
/// it is kept, also on hosts that are cut off now. What is proved anew has that epoch, or a later one.
/// </summary>
/// <param name="Epoch">The subnet's epoch since then.</param>
/// <param name="Address">Only this address; null: any.</param>
/// <param name="Port">TENANT/PORT: only what that port holds; null: any.</param>
/// <param name="By">Who said so.</param>
public sealed record Forgotten(uint Epoch, IPAddress? Address, string? Port, string By)
{
    /// <summary>Whether that is forgotten which a port holds with a version of that epoch.</summary>
    /// <param name="port">TENANT/PORT.</param>
    public bool Covers(IPAddress address, string port, uint epoch) =>
        epoch < Epoch && (Address is null || Address.Equals(address)) && (Port is null || Port == port);
}
