using System.Net.Sockets;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// Three hosts with provider addresses of one family, and a VM network in each encapsulation, with prefixes of both families.
/// <code>
///   nv 5001 (NVGRE)   nv1 (h1)   nv2, nv3 (h2)   nvtap (h2)   nobody at h3
///   vx 6001 (VXLAN)   vx1 (h1)   vx2, vx3 (h2)   vxtap (h2)   and at vx 10.0.0.99 a VXLAN device of the kernel
/// </code>
/// </summary>
public abstract class FormLab(AddressFamily family) : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public AddressFamily Family => family;

    /// <summary>Provider address of what is no host of ours.</summary>
    public string Stranger => family == AddressFamily.InterNetwork ? "192.168.4.99" : "fd00:4::99";

    public const string StrangerMac = "06:06:00:00:99:99";

    public async ValueTask InitializeAsync()
    {
        var builder = new LabBuilder();
        foreach (string host in (string[])["h1", "h2", "h3"])
        {
            builder.Host(host, family == AddressFamily.InterNetwork ? null : $"fd00:4::{host[1]}/64");
        }

        foreach ((string name, string encapsulation, uint vsid) in ((string, string, uint)[])[("nv", "nvgre", 5001), ("vx", "vxlan", 6001)])
        {
            builder.Document($$"""
                kind: VmNetwork
                name: {{name}}
                tenant: {{name}}
                encapsulation: {{encapsulation}}
                subnets:
                - {vsid: {{vsid}}, prefixes: [10.0.0.0/24, "2001:db8:1::/64"], flooding: unicast}
                """)
                .Vm($"{name}1", "h1", name, vsid, ["10.0.0.5", "2001:db8:1::5"])
                .Vm($"{name}2", "h2", name, vsid, ["10.0.0.7", "2001:db8:1::7"])
                .Vm($"{name}3", "h2", name, vsid, ["10.0.0.8", "2001:db8:1::8"])
                .Vm($"{name}tap", "h2", name, vsid, ["10.0.0.21", "2001:db8:1::21"], device: LabDevice.Tap);
        }

        builder.Document($"kind: ProviderEndpoint\nproviderAddress: \"{Stranger}\"");
        foreach ((string suffix, string address) in ((string, string)[])[("4", "10.0.0.99"), ("6", "2001:db8:1::99")])
        {
            builder.Document($"kind: LookupRecord\nname: stranger{suffix}\ntenant: vx\nvsid: 6001\ncustomerAddress: \"{address}\"\nmac: \"{StrangerMac}\"\nproviderAddress: \"{Stranger}\"");
        }

        Lab = await NetworkLab.StartAsync(builder.Build(), cancellationToken: TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Lab is not null)
        {
            await Lab.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

/// <summary>Over IPv4.</summary>
public sealed class FormLab4() : FormLab(AddressFamily.InterNetwork);

/// <summary>Over IPv6 alone.</summary>
public sealed class FormLab6() : FormLab(AddressFamily.InterNetworkV6);
