using System.Net;

namespace Hnv.Lab.Reachability;

/// <summary>A move of a VM under traffic both ways.</summary>
/// <param name="BlackOutMs">The longest silence of either direction.</param>
/// <param name="OutageMs">The longest time of either direction from which nothing arrived, by when it was sent; 0 when nothing was lost.</param>
/// <param name="BackgroundMs">The longest silence of either direction before the move.</param>
/// <param name="Lost">Datagrams lost, both directions together, of 2 000 a second.</param>
/// <param name="LastLostMs">When the last lost one was sent, after the switch; null: none was lost.</param>
public sealed record MoveMeasurement(
    LabMove Move, UdpFlowResult ToVm, UdpFlowResult FromVm, double BlackOutMs, double OutageMs, double BackgroundMs, int Lost, double? LastLostMs)
{
    /// <summary>Moves the VM while it talks to a peer, and stops when a second's traffic has followed.</summary>
    public static async Task<MoveMeasurement> RunAsync(NetworkLab lab, string vmName, string peerName, string host, bool v6 = false, CancellationToken cancellationToken = default)
    {
        LabVm vm = lab.Vm(vmName), peer = lab.Vm(peerName);
        IPAddress vmAddress = v6 ? vm.Address6 : vm.Address4, peerAddress = v6 ? peer.Address6 : peer.Address4;
        using UdpFlow toVm = await UdpFlow.StartAsync(peer, vm, vmAddress, cancellationToken);
        using UdpFlow fromVm = await UdpFlow.StartAsync(vm, peer, peerAddress, cancellationToken);
        await fromVm.GoOnAsync(500, TimeSpan.FromSeconds(20), cancellationToken);
        LabMove move = await lab.MoveAsync(vmName, host, cancellationToken);
        TimeSpan patience = TimeSpan.FromSeconds(20);
        await toVm.GoOnAsync(1000, patience, cancellationToken);
        await fromVm.GoOnAsync(1000, patience, cancellationToken);
        UdpFlowResult to = await toVm.StopAsync(move.SwitchedAt, cancellationToken), from = await fromVm.StopAsync(move.SwitchedAt, cancellationToken);
        double[] lost = [.. to.LostAtMs, .. from.LostAtMs];
        return new MoveMeasurement(
            move, to, from, Math.Max(to.BlackOutMs, from.BlackOutMs), Math.Max(to.OutageMs, from.OutageMs), Math.Max(to.BeforeMs, from.BeforeMs), lost.Length, lost.Length == 0 ? null : lost.Max());
    }

    /// <summary>Who could talk to it: a VM of its network that has an address, if possible on a host that it neither leaves nor goes to.</summary>
    public static LabVm? PeerOf(NetworkLab lab, LabVm vm, string host) => lab.Vms
        .Where(v => v.Name != vm.Name && v.Spec.First.Network == vm.Spec.First.Network && v.Spec.First.Addresses.Length > 0)
        .OrderBy(v => v.Spec.Host == host || v.Spec.Host == vm.Spec.Host).ThenBy(static v => v.Name, StringComparer.Ordinal).FirstOrDefault();
}
