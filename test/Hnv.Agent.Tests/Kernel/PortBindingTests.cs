using System.Diagnostics;
using System.Net;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>Ports meet interfaces on a real kernel. Needs root.</summary>
public sealed class PortBindingTests : IDisposable
{
    private const string Port1 = "blue/blue1";

    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Interface_ThatComesGoesAndComesAgain_IsBoundEachTime()
    {
        _host.Policy(10, Subnet(), Route(), Port(), Record("10.0.0.5", pa: "192.168.4.11", port: Port1));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 10, "revision 10 is realised");
        Assert.Equal("waiting", _host.State(Port1));

        int first = Veth("v-blue1");
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {first}", "the port is bound");
        Assert.Equal([first], Bound());
        Assert.Equal((uint)first, Assert.Single(_host.Dataplane.ReadRecords(), r => r.Key.Ca.ToString() == "10.0.0.5").Value.Ifindex);

        _host.Route.DeleteLink(first);
        await _host.UntilAsync(() => _host.State(Port1) == "waiting", "the port waits");
        Assert.Empty(Bound());

        int second = Veth("v-blue1");
        Assert.NotEqual(first, second);
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {second}", "the port is bound anew");
        Assert.Equal([second], Bound());
    }

    [Fact]
    public async Task Interface_ThatIsRenamed_IsUnboundAndAnotherOfThatNameBound()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        int first = Veth("v-blue1");
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {first}", "the port is bound");

        _host.Route.ChangeLink(first, new LinkChange { Up = false });
        _host.Route.ChangeLink(first, new LinkChange { Name = "other" });
        await _host.UntilAsync(() => _host.State(Port1) == "waiting", "the port waits");
        Assert.Empty(Bound());

        int second = Veth("v-tmp");
        _host.Route.ChangeLink(second, new LinkChange { Name = "v-blue1" });
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {second}", "the renamed one is bound");
    }

    [Fact]
    public async Task Interface_ThatMovesToAnotherNamespaceAndBack_IsBoundAnew()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        int index = Veth("v-blue1");
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {index}", "the port is bound");

        using NetworkNamespace elsewhere = _host.AddVm("dummy", "10.9.9.9", "06:06:00:00:00:99");
        _host.Route.ChangeLink(index, new LinkChange { Namespace = elsewhere });
        await _host.UntilAsync(() => _host.State(Port1) == "waiting", "the port waits");
        Assert.Empty(Bound());

        using (Rtnetlink there = Rtnetlink.Of(elsewhere))
        {
            there.ChangeLink(there.GetLink("v-blue1").Index, new LinkChange { Namespace = _host.Namespace });
        }

        await _host.UntilAsync(() => _host.State(Port1).StartsWith("bound", StringComparison.Ordinal), "the port is bound anew");
        Assert.Equal([_host.Route.GetLink("v-blue1").Index], Bound());
    }

    [Fact]
    public async Task Interface_ThatJoinsABridge_IsGivenUp()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        int index = Veth("v-blue1");
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {index}", "the port is bound");
        int bridge = _host.Route.CreateBridge(new BridgeSpec("br7")).Index;

        _host.Route.ChangeLink(index, new LinkChange { Master = bridge });
        await _host.UntilAsync(() => _host.State(Port1) == "failed", "the port fails");
        Assert.Contains("br7", _host.Core.State.Ports[0].Reason, StringComparison.Ordinal);
        Assert.Empty(Bound());

        _host.Route.ChangeLink(index, new LinkChange { Master = 0 });
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {index}", "the port is bound again");
    }

    [Fact]
    public async Task Overrun_IsSurvivedByListingAnew()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        await _host.UntilAsync(() => _host.State(Port1) == "waiting", "the port waits");

        // Events are not read by the core here: what the queue held is thrown away, as the kernel does it.
        int index = Veth("v-blue1");
        _host.Core.OnUpdate(new NetworkEvent.Overrun());
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {index}", "the port is bound");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Port_WhoseQdiscIsDeleted_HasItsProgramsAgain(bool anotherIsPutThere)
    {
        _host.Policy(10, Subnet(), Route(), Port());
        int index = Veth("v-blue1");
        await _host.UntilAsync(() => _host.State(Port1) == $"bound {index}" && Filters("v-blue1") == (true, true), "the port is bound");

        Tc("qdisc", "del", "dev", "v-blue1", "clsact");
        if (anotherIsPutThere)
        {
            Tc("qdisc", "add", "dev", "v-blue1", "ingress");
            await _host.UntilAsync(
                () => Filters("v-blue1").Ingress && _host.Core.State.Ports[0].Reason?.Contains("ingress qdisc", StringComparison.Ordinal) == true,
                "the program is at the ingress qdisc");
            Tc("qdisc", "del", "dev", "v-blue1", "ingress");
        }

        await _host.UntilAsync(() => Filters("v-blue1") == (true, true), "both programs are back");
        Assert.Equal(($"bound {index}", null), (_host.State(Port1), _host.Core.State.Ports[0].Reason));
        Assert.Equal([index], Bound());
    }

    [Fact]
    public async Task Port_WhoseGuardAloneIsDeleted_HasItAgain()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        Veth("v-blue1");
        await _host.UntilAsync(() => Filters("v-blue1") == (true, true), "the port is bound");
        Tc("filter", "del", "dev", "v-blue1", "egress");
        await _host.UntilAsync(() => Filters("v-blue1") == (true, true), "the guard is back");
    }

    [Fact]
    public async Task Uplink_WhoseQdiscIsDeleted_HasItsProgramAgain()
    {
        _host.Policy(10, Subnet(), Route(), Port());
        await _host.UntilAsync(() => Filters("up0").Ingress, "the uplink is attached");
        Tc("qdisc", "del", "dev", "up0", "clsact");
        await _host.UntilAsync(() => Filters("up0").Ingress, "its program is back");
        Assert.Equal(_host.Route.GetLink("up0").Index, Assert.Single(_host.Namespace.Run(() => _host.Dataplane.ReadUplinks())));
    }

    [Fact]
    public async Task ManyPorts_MadeAtOnce_AreAllBound()
    {
        const int count = 60;
        _host.Policy(10, [Subnet(), Route(), .. Enumerable.Range(1, count).Select(i => Port($"blue/p{i}", $"v{i}", $"06:06:00:00:01:{i:x2}", number: (uint)i))]);
        for (int i = 1; i <= count; i++)
        {
            Veth($"v{i}");
        }

        await _host.UntilAsync(() => _host.Core.State.Ports.All(p => p.State == "bound"), "all are bound");
        Assert.Equal(count, Bound().Length);
    }

    [Fact]
    public async Task TwoVms_ReachEachOther_AlsoWhileTheAgentIsDeadAndAfterItCameBack()
    {
        using NetworkNamespace vm1 = _host.AddVm("v-blue1", "10.0.0.5", "06:06:00:00:00:05");
        using NetworkNamespace vm2 = _host.AddVm("v-blue2", "10.0.0.7", "06:06:00:00:00:07");
        PolicyItem[] items =
        [
            Subnet(), Route(), Port(), Port("blue/blue2", "v-blue2", "06:06:00:00:00:07", number: 8),
            Record("10.0.0.5", "06:06:00:00:00:05", "192.168.4.11", Port1), Record("10.0.0.7", "06:06:00:00:00:07", "192.168.4.11", "blue/blue2"),
        ];
        _host.Policy(10, items);
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 10 && _host.Core.State.Ports.All(p => p.State == "bound"), "all is realised");
        Assert.True(Reaches(vm1, "10.0.0.7"));

        _host.Kill();
        Assert.True(Reaches(vm2, "10.0.0.5"));

        _host.Start();
        Assert.True(Reaches(vm1, "10.0.0.7"));
        _host.Policy(11, items);
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "the new agent is in sync");
        Assert.True(Reaches(vm2, "10.0.0.5"));
        Assert.Equal(2, Bound().Length);
    }

    [Fact]
    public async Task Restart_RemovesNothingBeforeABookmark_AndWhatIsGoneAfterIt()
    {
        using NetworkNamespace vm1 = _host.AddVm("v-blue1", "10.0.0.5", "06:06:00:00:00:05");
        _host.Policy(10, Subnet(), Route(), Port(), Record("10.0.0.5", pa: "192.168.4.11", port: Port1));
        await _host.UntilAsync(() => _host.State(Port1).StartsWith("bound", StringComparison.Ordinal), "the port is bound");
        _host.Kill();

        _host.Start();
        await _host.UntilAsync(() => true, "it ran once");
        Assert.Single(Bound());
        Assert.NotEmpty(_host.Dataplane.ReadRecords());

        _host.Core.OnUpdate(new Hnv.Agent.Sync.BookmarkReached(11));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 11, "an empty policy is realised");
        Assert.Empty(Bound());
        Assert.Empty(_host.Dataplane.ReadRecords());
    }

    private static bool Reaches(NetworkNamespace vm, string address)
    {
        var start = new ProcessStartInfo("ping", ["-n", "-q", "-c", "1", "-W", "2", address]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process ping = vm.Start(start);
        ping.WaitForExit();
        return ping.ExitCode == 0;
    }

    /// <summary>Whether the kernel has a filter of anybody's at each hook, in tc's words.</summary>
    private (bool Ingress, bool Egress) Filters(string name) =>
        (Tc("filter", "show", "dev", name, "ingress").Contains("direct-action", StringComparison.Ordinal),
            Tc("filter", "show", "dev", name, "egress").Contains("direct-action", StringComparison.Ordinal));

    private string Tc(params string[] arguments)
    {
        using Process tc = _host.Namespace.Start(new ProcessStartInfo("tc", arguments) { UseShellExecute = false, RedirectStandardOutput = true });
        string output = tc.StandardOutput.ReadToEnd();
        tc.WaitForExit();
        Assert.True(tc.ExitCode == 0, $"tc {string.Join(' ', arguments)} ended with {tc.ExitCode}");
        return output;
    }

    private int Veth(string name) => _host.Route.CreateVeth(new VethSpec(name, name + "-vm")).Index;

    private int[] Bound() => _host.Namespace.Run(() => _host.Dataplane.ReadPorts().Select(p => p.Key).Order().ToArray());
}
