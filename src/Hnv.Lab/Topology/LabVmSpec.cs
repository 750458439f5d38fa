using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;

namespace Hnv.Lab.Topology;

/// <summary>A VM of the lab: a network namespace with one adapter per port (<c>kind: LabVm</c>).</summary>
public sealed record LabVmSpec(string Name, string Host, ImmutableArray<LabAdapterSpec> Adapters)
{
    /// <summary>The adapter that <c>lab ping</c> and most tests mean.</summary>
    public LabAdapterSpec First => Adapters[0];

    /// <summary>Programs that run in the VM as long as the lab does: a DHCP server, keepalived …</summary>
    public ImmutableArray<LabProgramSpec> Programs { get; init; } = [];
}

/// <summary>Who gives a VM's adapter its addresses.</summary>
public enum LabConfiguration
{
    /// <summary>The lab, from the port.</summary>
    Static,

    /// <summary>The VM: router advertisements, duplicate address detection, its programs.</summary>
    Auto,
}

/// <summary>A program of a VM. It must stay in the foreground.</summary>
/// <param name="Command">A line for <c>/bin/sh</c>, which the shell replaces itself with.</param>
public sealed record LabProgramSpec(string Name, string Command);

/// <summary>A file that the programs of all VMs find in their working directory (<c>kind: LabFile</c>).</summary>
public sealed record LabFileSpec(string Name, string Text);

/// <summary>How a VM's adapter is joined to its port's interface on the host.</summary>
public enum LabDevice
{
    /// <summary>A veth pair: one end in the VM, the other is the port's interface.</summary>
    Veth,

    /// <summary>
    /// A tap on the host, as QEMU makes it, and one in the VM, with a process between them that passes frames and their
    /// virtio-net header on, so that super-packets stay whole.
    /// </summary>
    Tap,
}

/// <summary>An adapter inside a VM and the port it is.</summary>
/// <param name="Name"><c>eth0</c>, <c>eth1</c> … in the order of the VM's ports.</param>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="Network">TENANT/NETWORK: adapters reach each other where it is the same.</param>
/// <param name="HostInterface">The port's interface on the host.</param>
/// <param name="Addresses">Customer addresses with the subnet's prefix length.</param>
/// <param name="Gateways">The default gateway, one a family; only on the first adapter.</param>
/// <param name="Mtu">In bytes, as the guest believes it.</param>
public sealed record LabAdapterSpec(
    string Name, string Port, string Network, uint Vsid, LabDevice Device, string HostInterface, MacAddress Mac,
    ImmutableArray<LabAddress> Addresses, ImmutableArray<IPAddress> Gateways, int Mtu)
{
    /// <summary>
    /// The VM configures itself (router advertisements, duplicate address detection, DHCP, fail-over addresses): addresses that it takes
    /// are left alone.
    /// </summary>
    public bool ConfiguresItself { get; init; }

    /// <summary>Families of the subnet's prefixes: of each the VM is to have an address.</summary>
    public ImmutableArray<AddressFamily> Families { get; init; } = [];
}
