using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps.Tests.Support;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests;

/// <summary>A VRRP router's MAC is remembered as long as somebody holds an address with it, there where it was announced.</summary>
public sealed class VirtualMacTests : IDisposable
{
    private static readonly IPAddress s_pa = IPAddress.Parse("192.168.4.22"), s_other = IPAddress.Parse("192.168.4.33");

    private readonly TestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Maintain_ForgetsVirtualMacsThatNobodyHoldsAnAddressWith()
    {
        using Dataplane dataplane = _host.Open();
        using BpfMap macs = BpfMap.OpenPinned(Path.Combine(_host.Directory, $"virtual_macs_v{Layout.Version}"));
        MacAddress held = MacAddress.Parse("00:00:5e:00:01:33"), moved = MacAddress.Parse("00:00:5e:00:01:34"), left = MacAddress.Parse("00:00:5e:00:01:35");
        foreach (MacAddress mac in new[] { held, moved, left })
        {
            macs.Update(new MacKey(5001, mac), new VirtualMacEntry(LocationEntry.Remote(s_pa), 0, 1));
        }

        Put(dataplane, "10.0.0.100", held, s_pa);
        Put(dataplane, "10.0.0.101", moved, s_other);

        dataplane.Maintain();

        Assert.Equal([new MacKey(5001, held)], macs.ReadAll<MacKey, VirtualMacEntry>().Select(m => m.Key));
    }

    private static void Put(Dataplane dataplane, string address, MacAddress mac, IPAddress pa) => dataplane.PutLearned(
        new RecordKey(5001, IPAddress.Parse(address)), new LearnedEntry { Record = RecordEntry.Remote(mac, RecordKind.Dynamic, pa), Source = LearnSource.Peer });
}
