using System.Text.Json;
using Hnv.Api.Reports;
using Hnv.Model.Resources;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Cables between VMs and their hosts, pulled and put back: what their ports learned goes with them.</summary>
internal static class Cables
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// Pulls VMs' cables, waits until the controller knows, puts new ones in, and waits until these are bound: what the VMs say then is heard.
    /// The agents and the controller run.
    /// </summary>
    public static async Task ReplugAsync(this NetworkLab lab, params LabVm[] vms)
    {
        foreach (LabVm vm in vms)
        {
            vm.Unplug();
        }

        foreach (LabVm vm in vms)
        {
            await Eventually.TrueAsync(async () => await StateAsync(lab, vm) != PortStates.Bound, $"{vm.Name} has no cable");
        }

        foreach (LabVm vm in vms)
        {
            vm.Plug();
        }

        await lab.ConvergeAsync(0, Ct);
    }

    private static async Task<string?> StateAsync(NetworkLab lab, LabVm vm)
    {
        string[] name = vm.Spec.First.Port.Split('/');
        JsonElement? port = await lab.Client.GetAsync(new ResourceId(ResourceKind.Port, name[0], name[1]), Ct);
        return port is { } p && p.TryGetProperty("status", out JsonElement status) ? status.GetProperty("state").GetString() : null;
    }
}
