using System.Net;
using System.Net.Sockets;
using Hnv.Api.Rest;
using Hnv.Datapath;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Model.Addressing;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>Gratuitous ARP and unsolicited neighbour advertisements, one of them, move an address between ports of one host or of two.</summary>
[Collection<LearningCollection>]
public sealed class AnnouncementTests(LearningLab fixture) : IAsyncLifetime
{
    private static readonly IPAddress s_moving4 = IPAddress.Parse("10.0.0.200");
    private static readonly IPAddress s_moving6 = IPAddress.Parse("2001:db8:1::200");

    private NetworkLab Lab => fixture.Lab;

    private LabVm Client => Lab.Vm("c");

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await Lab.ReplugAsync(Lab.Vm("a1"), Lab.Vm("a2"), Lab.Vm("a3"));
        await Lab.ForgottenAsync(Lab.Vm("a1"), s_moving4);
        await Lab.ForgottenAsync(Lab.Vm("a1"), s_moving6);
    }

    [Theory]
    [InlineData(false, "a2")]
    [InlineData(false, "a3")]
    [InlineData(true, "a2")]
    [InlineData(true, "a3")]
    public async Task AnAnnouncement_MovesAnAddress_ReachesTheMembers_AndTheFormerOwnerLosesIt(bool isIPv6, string to)
    {
        LabVm one = Lab.Vm("a1"), other = Lab.Vm(to);
        IPAddress address = isIPv6 ? s_moving6 : s_moving4;
        long seen = (await Lab.Client.EventsAsync(cancellationToken: TestContext.Current.CancellationToken)).Revision;
        await HaveAsync(one, "add");
        await Announcements.SayAsync(one, address);
        await Lab.HeldAsync(one, address);
        await using var flow = new ServiceFlow(Client, address, one, other);
        await flow.IsServedByAsync(one);
        Assert.Equal(one.Spec.First.Mac, await AskAsync());

        await HaveAsync(one, "del");
        await HaveAsync(other, "add");
        using (FrameTrap trap = new FrameTrap().In(Client))
        {
            await Announcements.SayAsync(other, address);
            await Eventually.TrueAsync(
                () => trap.Drain().Any(f => Announcements.IsOf(f.Bytes, address, other.Spec.First.Mac)), $"{Client.Name} hears that {other.Name} has {address}");
        }

        await flow.IsServedByAsync(other);
        await Lab.HeldAsync(other, address);
        Assert.Equal(other.Spec.First.Mac, await AskAsync());
        RecordEvent[] told = [.. (await Lab.EventsAsync(5201, address)).Where(e => e.Number > seen)];
        Assert.Contains(told, e => e.Event == RecordEventKind.Added && e.Port == "move/a1");
        Assert.Contains(told, e => e.Event == RecordEventKind.PreMovement && e.Port == $"move/{to}");
        Assert.Contains(told, e => e.Event == RecordEventKind.PostMovement && e.Port == $"move/{to}");

        // From the former owner nothing leaves in the address's name.
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        using (Linux.Packets.PacketSocket adapter = one.OpenPacketSocket())
        {
            for (int i = 0; i < 10; i++)
            {
                adapter.Send(Announcements.Datagram(one.Spec.First.Mac, address, Client));
            }
        }

        await Eventually.TrueAsync(
            async () => (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, "move/a1") is var added
                && added.GetValueOrDefault(Verdict.SourceCaMacMismatch) + added.GetValueOrDefault(Verdict.SourceRecordMissing) >= 10,
            "what the former owner sends is dropped");

        async Task HaveAsync(LabVm vm, string how) => (await vm.ExecAsync(["ip", "address", how, $"{address}/{(isIPv6 ? 64 : 24)}", "dev", "eth0", .. Flags(how)])).EnsureSuccess();

        string[] Flags(string how) => isIPv6 && how == "add" ? ["nodad"] : [];

        async Task<MacAddress> AskAsync()
        {
            CommandResult answer = address.AddressFamily == AddressFamily.InterNetwork
                ? await Client.ExecAsync("arping", "-c", "1", "-C", "1", "-w", "5", "-r", "-i", "eth0", address.ToString())
                : await Client.ExecAsync("ndisc6", "-1", "-q", address.ToString(), "eth0");
            return MacAddress.Parse(answer.EnsureSuccess().Output.Trim().Split('\n')[0]);
        }
    }
}
