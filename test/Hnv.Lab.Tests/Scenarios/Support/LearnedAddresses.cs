using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Api.Stream;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Who has a learned address: in the controller's view, and in every kernel.</summary>
internal static class LearnedAddresses
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The controller's record of an address; null when there is none.</summary>
    public static async Task<RecordView?> RecordAsync(this NetworkLab lab, uint vsid, IPAddress address) =>
        (await lab.Client.RecordsAsync(cancellationToken: Ct)).Items.FirstOrDefault(r => r.Vsid == vsid && r.CustomerAddress.Equals(address));

    /// <summary>Waits until the controller says, and all the given hosts' kernels have, that a VM's port holds an address.</summary>
    /// <param name="hosts">None: those that have a port of the VM network, which must know.</param>
    /// <returns>The controller's record.</returns>
    public static async Task<RecordView> HeldAsync(this NetworkLab lab, LabVm holder, IPAddress address, Func<string>? details = null, params string[] hosts)
    {
        uint vsid = holder.Spec.First.Vsid;
        RecordView? record = null;
        string seen = string.Empty;
        await AnsweredAsync(
            async () =>
            {
                record = await lab.RecordAsync(vsid, address);
                seen = $"(controller: {record?.ToString() ?? "nobody"})";
                if (record is not { Type: "Dynamic", Unusable: false } || record.Host != holder.Spec.Host || (record.Port != holder.Spec.First.Port && record.Port != holder.Spec.First.Port.Split('/')[1]))
                {
                    return false;
                }

                foreach (string host in hosts.Length > 0 ? hosts : [.. lab.NetworkHosts(holder)])
                {
                    KernelRecord? kernel = await lab.KernelRecordAsync(host, vsid, address);
                    if (!lab.IsAt(kernel, host, holder))
                    {
                        seen = $"({host}: {kernel?.ToString() ?? "nobody"})";
                        return false;
                    }
                }

                return true;
            },
            $"{holder.Name} has {address} on all hosts", () => $"{seen}\n{details?.Invoke()}");
        return record!;
    }

    /// <summary>Waits until neither the controller nor any host's kernel knows an address.</summary>
    public static Task ForgottenAsync(this NetworkLab lab, LabVm former, IPAddress address, Func<string>? details = null)
    {
        uint vsid = former.Spec.First.Vsid;
        string seen = string.Empty;
        return AnsweredAsync(
            async () =>
            {
                seen = $"(controller: {await lab.RecordAsync(vsid, address)})";
                if (await lab.RecordAsync(vsid, address) is not null)
                {
                    return false;
                }

                foreach (string host in lab.NetworkHosts(former))
                {
                    if (await lab.KernelRecordAsync(host, vsid, address) is { } kernel)
                    {
                        seen = $"({host}: {kernel})";
                        return false;
                    }
                }

                return true;
            },
            $"nobody has {address}", () => $"{seen}\n{details?.Invoke()}");
    }

    /// <summary>As <see cref="Eventually"/>; an agent or controller that starts anew does not answer yet.</summary>
    private static Task AnsweredAsync(Func<Task<bool>> condition, string what, Func<string> details)
    {
        string trouble = string.Empty;
        return Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await condition();
                }
                catch (HnvApiException e)
                {
                    trouble = e.Message;
                    return false;
                }
            },
            what, () => $"{trouble} {details()}");
    }

    /// <summary>An address as it stands in a host's kernel.</summary>
    public static async Task<KernelRecord?> KernelRecordAsync(this NetworkLab lab, string host, uint vsid, IPAddress address) =>
        (await lab.Client.KernelAsync<ImmutableArray<KernelRecord>>(host, HostQueries.Records, Ct)).FirstOrDefault(r => r.Vsid == vsid && r.CustomerAddress.Equals(address));

    /// <summary>Whether a host's record leads to a VM.</summary>
    public static bool IsAt(this NetworkLab lab, KernelRecord? record, string host, LabVm holder) => record is { Unusable: false } && (host == holder.Spec.Host
        ? record.Interface == holder.Spec.First.HostInterface
        : lab.Host(holder.Spec.Host).Spec.Uplinks[0].Addresses.Any(a => a.Address.Equals(record.ProviderAddress)));

    /// <summary>The events of an address, oldest first.</summary>
    public static async Task<RecordEvent[]> EventsAsync(this NetworkLab lab, uint vsid, IPAddress address) =>
        [.. (await lab.Client.EventsAsync(cancellationToken: Ct)).Items.Where(e => e.Vsid == vsid && address.Equals(e.CustomerAddress))];

    private static IEnumerable<string> NetworkHosts(this NetworkLab lab, LabVm vm) =>
        lab.Vms.Where(v => v.Spec.First.Network == vm.Spec.First.Network).Select(v => v.Spec.Host).Distinct(StringComparer.Ordinal);
}
