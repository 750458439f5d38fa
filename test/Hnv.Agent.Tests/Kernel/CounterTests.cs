using System.Net;
using Hnv.Agent.Answers;
using Hnv.Agent.Learning;
using Hnv.Agent.Network;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Answers;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>The counters of a port that comes and goes, with real maps. Needs root.</summary>
public sealed class CounterTests : IDisposable
{
    private const string Mac = "06:06:00:00:00:05";
    private const string Refused = "SourceRecordMissing";

    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task What_a_port_counted_outlives_the_agent_and_leaves_with_the_port_to_go_on_elsewhere()
    {
        NetworkNamespace vm = _host.AddVm("v-blue1", "10.0.0.5", Mac);
        _host.Policy(10, Subnet(), Route(), Port());
        await BoundAsync();
        await SendAsync(vm, 3);
        Assert.True(_host.Counters.Take(new PortCounters("x", "blue/blue1", 40, 400, 5, 50, [new VerdictTotal(Refused, 40, 400)])));
        Assert.Equal(43UL, Shown());

        // The agent dies, and another one hears of the move first.
        _host.Kill();
        _host.Start();
        _host.Core.OnUpdate(new NetworkChanged(Policy(Blue, 10, Subnet(), Route(), Port()), [.. Items(Subnet(), Route(), Port())]));
        await SendAsync(vm, 1, before: 43);
        _host.Core.OnUpdate(new NetworkChanged(Policy(Blue, 11, Subnet(), Route()), [new ItemChange(Port(), null)]));
        _host.Core.OnUpdate(new BookmarkReached(11));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "the port is gone");

        PortCounters left = Assert.Single(_host.Counters.Left);
        Assert.Equal(("blue/blue1", 44UL), (left.Port, left.Verdicts.Single(static v => v.Verdict == Refused).Packets));
        Assert.DoesNotContain(_host.Dataplane.ReadCounters(), static c => c.PortId == 7);
        Assert.True(left.FromVmPackets >= 44);

        // It comes back, with a new interface: the kernel begins at 0, and the port does not.
        _host.Core.OnUpdate(new NetworkChanged(Policy(Blue, 12, Subnet(), Route(), Port()), [new ItemChange(null, Port())]));
        _host.Core.OnUpdate(new BookmarkReached(12));
        await BoundAsync();
        Assert.True(_host.Counters.Take(left));
        await SendAsync(vm, 2, before: 44);
        Assert.Equal(46UL, Shown());
    }

    private static IEnumerable<ItemChange> Items(params PolicyItem[] items) => items.Select(static i => new ItemChange(null, i));

    private Task BoundAsync() => _host.UntilAsync(() => _host.State("blue/blue1").StartsWith("bound", StringComparison.Ordinal), "the port is bound");

    /// <summary>Frames that the port refuses.</summary>
    private async Task SendAsync(NetworkNamespace vm, int count, ulong before = 0)
    {
        using Rtnetlink inside = Rtnetlink.Of(vm);
        using PacketSocket eth0 = PacketSocket.Open(vm, inside.GetLink("eth0").Index);
        byte[] announcement = LearningFrames.Announcement(IPAddress.Parse("10.9.9.9"), MacAddress.Parse(Mac));
        for (int i = 0; i < count; i++)
        {
            eth0.Send(announcement);
        }

        await Until.TrueAsync(() => Shown() == before + (ulong)count, "the frames are counted");
    }

    private ulong Shown()
    {
        var reader = new KernelReader(_host.Dataplane, new FakeNetwork(), () => _host.Core.State, _host.Counters);
        return reader.Verdicts().Where(static c => c is { Port: "blue/blue1" or "#7", Verdict: Refused }).Aggregate(0UL, static (sum, c) => sum + c.Packets);
    }
}
