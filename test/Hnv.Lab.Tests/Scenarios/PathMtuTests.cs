using System.Net;
using System.Text.RegularExpressions;
using Hnv.Datapath;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Guests that believe in 1500 bytes, over an underlay that carries 1500 with 42 bytes of tunnel.</summary>
[Collection<TrafficCollection>]
public sealed partial class PathMtuTests(TrafficLab fixture)
{
    private const int InnerMtu = 1500 - 42;

    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData("b1", "b2", false)]
    [InlineData("b1", "b2", true)]
    [InlineData("b2", "b1", false)]
    [InlineData("b2", "b1", true)]
    public async Task BulkTcp_ArrivesWhole_AndTheGuestHasLearntThePathMtu(string from, string to, bool v6)
    {
        LabVm sender = Lab.Vm(from), receiver = Lab.Vm(to);
        IPAddress address = v6 ? receiver.Address6 : receiver.Address4;
        await ForgetAsync(sender);
        // A receiver that knows the path already would announce a small segment size.
        await ForgetAsync(receiver);
        Assert.Equal(1500, await PathMtuAsync(sender, address));
        await Transfer.AssertArrivesAsync(sender, receiver, address);
        Assert.Equal(InnerMtu, await PathMtuAsync(sender, address));
    }

    [Fact]
    public async Task OnTheSameHost_NothingIsLost_ToATunnelThatIsNotThere()
    {
        LabVm sender = Lab.Vm("b1"), receiver = Lab.Vm("tap1");
        await ForgetAsync(sender);
        Assert.Equal(0, (await sender.ExecAsync("ping", "-n", "-c", "3", "-M", "do", "-s", "1472", receiver.Address4.ToString())).ExitCode);
        Assert.Equal(1500, await PathMtuAsync(sender, receiver.Address4));
    }

    [Fact]
    public async Task APingTooBigForThePath_IsToldTheMtu_AndNotSent()
    {
        LabVm sender = Lab.Vm("b1"), receiver = Lab.Vm("b2");
        await ForgetAsync(sender);
        CommandResult tooBig = await sender.ExecAsync("ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", "1472", receiver.Address4.ToString());
        Assert.Equal(1, tooBig.ExitCode);
        Assert.Contains($"mtu = {InnerMtu}", tooBig.Output.Replace("mtu=", "mtu = ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("From 10.0.0.1", tooBig.Output, StringComparison.Ordinal);
        await ForgetAsync(sender);
        Assert.True(await sender.CanPingAsync(receiver.Address4, size: InnerMtu - 28), "what fits exactly passes");
    }

    [Fact]
    public async Task ALargePingWithoutDf_IsDroppedAndToldTheMtu_ThenComesInFragmentsThatFit()
    {
        LabVm sender = Lab.Vm("b1"), receiver = Lab.Vm("b2");
        await ForgetAsync(sender);
        await ForgetAsync(receiver);
        using PacketSocket arriving = receiver.OpenPacketSocket(options: new PacketSocketOptions { IgnoreOutgoing = true, Protocol = (ushort)EtherType.IPv4 });
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        string[] ping = ["ping", "-n", "-c", "1", "-W", "1", "-M", "dont", "-s", "4000", receiver.Address4.ToString()];
        Assert.Equal(1, (await sender.ExecAsync(ping)).ExitCode);
        Assert.True((await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, "blue/b1").ContainsKey(Verdict.MtuExceeded));
        Assert.Equal(InnerMtu, await PathMtuAsync(sender, receiver.Address4));
        // Now the request fits; the answer learns its own way's MTU by the same loss.
        await Eventually.TrueAsync(async () => (await sender.ExecAsync(ping)).ExitCode == 0, "the large ping is answered");
        while (arriving.Receive(TimeSpan.Zero) is { } frame)
        {
            Assert.True(frame.Length <= EthernetHeader.UntaggedLength + InnerMtu, $"a frame of {frame.Length} bytes arrived");
        }
    }

    /// <summary>Takes the guest's memory of path MTUs away.</summary>
    private static async Task ForgetAsync(LabVm vm)
    {
        (await vm.ExecAsync("ip", "route", "flush", "cache")).EnsureSuccess();
        (await vm.ExecAsync("ip", "-6", "route", "flush", "cache")).EnsureSuccess();
    }

    /// <summary>The path MTU as the guest's kernel knows it.</summary>
    private static async Task<int> PathMtuAsync(LabVm vm, IPAddress address)
    {
        CommandResult route = (await vm.ExecAsync("ip", "route", "get", address.ToString())).EnsureSuccess();
        Match mtu = MtuOfRoute().Match(route.Output);
        return mtu.Success ? int.Parse(mtu.Groups["mtu"].ValueSpan) : 1500;
    }

    [GeneratedRegex(@"\bmtu (?<mtu>\d+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex MtuOfRoute();
}
