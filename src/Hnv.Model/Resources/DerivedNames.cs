using System.Net;
using System.Net.Sockets;

namespace Hnv.Model.Resources;

/// <summary>Names of resources that need not be given one. Deterministic, so that a second apply finds the first one's object.</summary>
public static class DerivedNames
{
    /// <summary>An endpoint is named by its address.</summary>
    public static string OfProviderEndpoint(IPAddress providerAddress) => OfAddress(providerAddress);

    /// <summary>A record is named by subnet and customer address: <c>5001-10.0.0.9</c>, <c>5001-2001-db8--9</c>.</summary>
    public static string OfLookupRecord(uint vsid, IPAddress customerAddress) => $"{vsid}-{OfAddress(customerAddress)}";

    /// <summary>Colons are no characters of a name; a leading or trailing run of them gets a zero, which means the same address.</summary>
    private static string OfAddress(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }

        string text = new IPAddress(address.GetAddressBytes()).ToString().Replace(':', '-');
        return $"{(text.StartsWith('-') ? "0" : "")}{text}{(text.EndsWith('-') ? "0" : "")}";
    }
}
