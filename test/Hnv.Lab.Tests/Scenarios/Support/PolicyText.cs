using Hnv.Api.Manifests;
using Hnv.Api.Rest;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Policy changes of a running lab, written as manifests.</summary>
internal static class PolicyText
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Applies documents without waiting.</summary>
    /// <returns>The revision.</returns>
    public static async Task<long> ApplyAsync(this NetworkLab lab, string yaml)
    {
        ManifestReadResult read = ManifestReader.Read(yaml, "change");
        Assert.Empty(read.Errors);
        ApplyResponse answer = await lab.Client.ApplyAsync(read.Documents.Select(d => d.Root), cancellationToken: Ct);
        return answer.Revision;
    }

    /// <summary>Applies documents, and waits until every host concerned has them in its kernel.</summary>
    public static async Task ApplyAndRealiseAsync(this NetworkLab lab, string yaml) => await lab.RealisedAsync(await lab.ApplyAsync(yaml));

    /// <summary>Deletes an object, and waits until every host concerned knows.</summary>
    public static async Task DeleteAndRealiseAsync(this NetworkLab lab, ResourceId id)
    {
        Assert.True(await lab.Client.DeleteAsync(id, cancellationToken: Ct));
        // Nothing was changed by this; it tells the revision reached.
        await lab.RealisedAsync((await lab.Client.ListAsync(ResourceKind.Host, cancellationToken: Ct)).Revision);
    }

    /// <summary>Waits until every host concerned has realised a revision.</summary>
    public static async Task RealisedAsync(this NetworkLab lab, long revision)
    {
        ConvergenceAnswer answer = await lab.Client.ConvergenceAsync(revision, Eventually.Patience, Ct);
        Assert.True(answer.Converged, string.Join(", ", answer.Pending));
    }

    /// <summary>A document of the lab's own file, to apply it (changed) again.</summary>
    public static string PortText(string name, string network, uint vsid, string host, string interfaceName, string mac, params string[] addresses) => $"""
        kind: Port
        name: {name}
        tenant: {network}
        vmNetwork: {network}
        vsid: {vsid}
        host: {host}
        interface: {interfaceName}
        mac: {mac}
        addresses: [{string.Join(", ", addresses.Select(a => $"\"{a}\""))}]
        """;
}
