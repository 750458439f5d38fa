using System.Collections.Immutable;
using System.Net.NetworkInformation;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Agent.Network;

/// <summary>What became of the host's provider addresses: state of the kernel's duplicate address detection, and whether it is as policy says.</summary>
internal static class ProviderAddressStates
{
    /// <summary>Why an address that the interface has is not to be sent from: its frames would go out into another network than policy says.</summary>
    public static string? WhyNotUsed(ProviderAddressItem said, LinkInfo link) =>
        said.Uplink is { } name && name != link.Name ? $"it is on {link.Name}, and the Host object says {name}"
        : said.Vlan is not { } vlan || link.Vlan == vlan ? null
        : link.Vlan is { } other ? $"{link.Name} is the device of VLAN {other}, and the Host object says {vlan}"
        : $"{link.Name} is no VLAN device, and the Host object says VLAN {vlan}; give the agent the VLAN device as --uplink, or leave vlan out where the switch does the tagging";

    /// <summary>The state of one address.</summary>
    public static ProviderAddressReport Of(ProviderAddressItem said, HostNetwork network)
    {
        (AddressInfo Address, LinkInfo Uplink)[] at = [.. network.UplinkAddressesOf(said.Address)];
        if (at.Length == 0)
        {
            return new ProviderAddressReport(said.Address, ProviderAddressStateNames.Invalid, null, null, "no uplink has it");
        }

        (AddressInfo address, LinkInfo uplink) = at.OrderBy(a => WhyNotUsed(said, a.Uplink) is not null).First();
        string? refusal = WhyNotUsed(said, uplink);
        string state = refusal is not null ? ProviderAddressStateNames.Invalid
            : address.Flags.HasFlag(AddressFlags.DuplicateDetectionFailed) ? ProviderAddressStateNames.Duplicate
            : address.Flags.HasFlag(AddressFlags.Tentative) ? ProviderAddressStateNames.Tentative
            : address.Flags.HasFlag(AddressFlags.Deprecated) ? ProviderAddressStateNames.Deprecated
            : ProviderAddressStateNames.Preferred;
        return new ProviderAddressReport(said.Address, state, uplink.Name, (uint)address.PrefixLength, refusal ?? Difference(said, address, uplink));
    }

    /// <summary>The states as problems, for people.</summary>
    public static IEnumerable<string> Problems(ImmutableArray<ProviderAddressReport> states, string uplink) => states
        .Where(static s => s.Reason is not null || s.State == ProviderAddressStateNames.Duplicate)
        .Select(s => s switch
        {
            { Uplink: null } => $"No uplink has the provider address {s.Address}; add it with `ip address add {s.Address}/PREFIX dev {uplink}`, or correct the Host object.",
            { State: ProviderAddressStateNames.Invalid } => $"Provider address {s.Address} is not used: {s.Reason}.",
            { State: ProviderAddressStateNames.Duplicate } => $"Provider address {s.Address} is not used: another machine on the link of {s.Uplink} has it.",
            _ => $"Provider address {s.Address} is used, but {s.Reason}.",
        });

    private static string? Difference(ProviderAddressItem said, AddressInfo address, LinkInfo uplink) =>
        said.PrefixLength is { } length && length != address.PrefixLength
            ? $"{uplink.Name} has it with a prefix length of {address.PrefixLength}, and the Host object says {length}"
        : said.Mac is { } mac && Mac(uplink.Mac) != mac ? $"the MAC address of {uplink.Name} is {Mac(uplink.Mac)?.ToString() ?? "none"}, and the Host object says {mac}"
        : null;

    private static MacAddress? Mac(PhysicalAddress? address) => address is null ? null : MacAddress.FromBytes(address.GetAddressBytes());
}
