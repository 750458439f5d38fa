using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Lab.Machine;
using Hnv.Lab.Topology;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Lab;

/// <summary>
/// Moves a running VM to another host, as a hypervisor does with a live migration: the port is prepared there, the VM's adapters are
/// switched over, the VM announces itself; the rest is the data plane's and the controller's.
/// <code>
///   tap    the relay opens the tap on the new host in advance, and goes on behind it from one frame to the next; it sends the RARP
///   veth   the host's end goes into the new host's namespace; the VM sends gratuitous ARP and unsolicited NA until it is heard
/// </code>
/// </summary>
internal sealed class LabMover(HnvClient client, LabWiring wiring, Func<LabVmSpec, LabAdapterSpec, string> controlOf, TimeSpan patience)
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Moves it, and waits until the new host has realised that it is there.</summary>
    public async Task<LabMove> MoveAsync(LabVmSpec vm, string to, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        foreach (LabAdapterSpec adapter in vm.Adapters)
        {
            await client.MigratePortAsync(IdOf(adapter), to, null, cancellationToken);
        }

        foreach (LabAdapterSpec adapter in vm.Adapters)
        {
            if (adapter.Device == LabDevice.Tap)
            {
                await TapRelay.TellAsync(controlOf(vm, adapter), $"prepare {wiring.NamespaceOf(to)} {adapter.HostInterface}", cancellationToken);
            }

            string ready = adapter.Device == LabDevice.Tap ? PortStates.Prepared : PortStates.Waiting;
            await UntilAsync(adapter, $"{to} is ready for it", port => StateAtTarget(port) == ready, cancellationToken);
        }

        TimeSpan prepared = Stopwatch.GetElapsedTime(began);
        long switched = Stopwatch.GetTimestamp();
        foreach (LabAdapterSpec adapter in vm.Adapters)
        {
            await SwitchAsync(vm, adapter, to, cancellationToken);
        }

        foreach (LabAdapterSpec adapter in vm.Adapters)
        {
            await UntilAsync(
                adapter, $"it is heard on {to}", port => Text(port, "host") == to && Text(port.GetProperty("status"), "state") == PortStates.Bound, cancellationToken,
                adapter.Device == LabDevice.Veth ? () => Announce(vm, adapter) : null);
        }

        return new LabMove(vm.Name, vm.Host, to, prepared, switched, Stopwatch.GetElapsedTime(switched));
    }

    private async Task SwitchAsync(LabVmSpec vm, LabAdapterSpec adapter, string to, CancellationToken cancellationToken)
    {
        if (adapter.Device == LabDevice.Tap)
        {
            await TapRelay.TellAsync(controlOf(vm, adapter), "switch", cancellationToken);
            return;
        }

        using NetworkNamespace source = NetworkNamespace.Open(wiring.NamespaceOf(vm.Host)), destination = NetworkNamespace.Open(wiring.NamespaceOf(to));
        using Rtnetlink links = Rtnetlink.Of(source);
        links.ChangeLink(links.GetLink(adapter.HostInterface).Index, new LinkChange { Namespace = destination });
    }

    /// <summary>What a guest sends that was told that it moved (RFC 5227, 3; RFC 4861, 7.2.6).</summary>
    private void Announce(LabVmSpec vm, LabAdapterSpec adapter)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(wiring.NamespaceOf(vm.Name));
        using Rtnetlink links = Rtnetlink.Of(inside);
        if (links.FindLink(adapter.Name) is not { } link || !link.Flags.HasFlag(LinkFlags.LowerUp))
        {
            return;
        }

        try
        {
            using PacketSocket socket = PacketSocket.Open(inside, link.Index);
            foreach (IPAddress address in adapter.Addresses.Select(static a => a.Address))
            {
                socket.Send(Announcement(adapter.Mac, address));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NetworkDown)
        {
            // Its cable was pulled out between the look and the frame: the next one follows in a moment.
        }
    }

    private static byte[] Announcement(MacAddress mac, IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return PacketBuilder.Ethernet(mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).Arp(new ArpPacket(ArpOperation.Request, mac, address, default, address)).ToArray(60);
        }

        return PacketBuilder.Ethernet(mac, MacAddress.Parse("33:33:00:00:00:01")).IPv6(address, IPAddress.Parse("ff02::1"), static h => h with { HopLimit = 255 })
            .NeighborAdvertisement(address, NeighborAdvertisementFlags.Override, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, mac)).ToArray();
    }

    private async Task UntilAsync(LabAdapterSpec adapter, string what, Func<JsonElement, bool> condition, CancellationToken cancellationToken, Action? meanwhile = null)
    {
        long since = Stopwatch.GetTimestamp();
        JsonElement? port;
        do
        {
            meanwhile?.Invoke();
            port = await client.GetAsync(IdOf(adapter), cancellationToken);
            if (port is { } found && condition(found))
            {
                return;
            }

            await Task.Delay(s_poll, cancellationToken);
        }
        while (Stopwatch.GetElapsedTime(since) < patience);
        throw new LabException($"Port {adapter.Port}: not so after {patience.TotalSeconds:0} s: {what}. {port}");
    }

    private static string? StateAtTarget(JsonElement port) =>
        port.GetProperty("status").TryGetProperty("migration", out JsonElement migration) ? Text(migration, "state") : null;

    private static string? Text(JsonElement element, string field) => element.TryGetProperty(field, out JsonElement value) ? value.GetString() : null;

    private static ResourceId IdOf(LabAdapterSpec adapter) =>
        adapter.Port.Split('/') is [var tenant, var name] ? new ResourceId(ResourceKind.Port, tenant, name) : throw new LabException($"'{adapter.Port}' is no port.");
}
