using System.Net;
using System.Text;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Who must reach whom; where it is not so, the message says what both ends, their hosts' kernels and their counters have.</summary>
internal static class Reach
{
    /// <summary>Waits until a VM gets an answer from another one's address.</summary>
    /// <param name="tries">Pings, a second each.</param>
    public static async Task AssertAsync(NetworkLab lab, LabVm from, LabVm to, IPAddress address, int tries = 10)
    {
        if (await from.CanPingAsync(address, tries))
        {
            return;
        }

        string[] hosts = [.. new[] { from.Spec.Host, to.Spec.Host }.Distinct(StringComparer.Ordinal)];
        List<VerdictCounts> before = [];
        foreach (string host in hosts)
        {
            before.Add(await VerdictCounts.ReadAsync(lab, host));
        }

        bool later = await from.CanPingAsync(address);
        var message = new StringBuilder($"{from.Name} does not reach {to.Name} at {address} in {tries} tries, and {(later ? "does" : "does not")} in more.\n");
        foreach ((string host, VerdictCounts counts) in hosts.Zip(before))
        {
            VerdictCounts after = await VerdictCounts.ReadAsync(lab, host);
            foreach (string? port in lab.Vms.Where(v => v.Spec.Host == host).Select(v => v.Spec.First.Port).Append<string?>(null))
            {
                message.Append($"{host}, {port ?? "uplink"} meanwhile: {string.Join(", ", after.Since(counts, port))}\n");
            }

            message.Append($"{host}, {address}: {await lab.KernelRecordAsync(host, to.Spec.First.Vsid, address)}\n");
            await TellAsync(host, lab.Host(host).Namespace);
        }

        await TellAsync(from.Name, from.Namespace);
        await TellAsync(to.Name, to.Namespace);
        Assert.Fail(message.ToString());

        async Task TellAsync(string who, string ns) =>
            message.Append($"{who}:\n{await Shell.RunAsync($"ip -n {ns} neighbour; ip -n {ns} route get {address}; ip -n {ns} -br address", whatever: true)}");
    }
}
