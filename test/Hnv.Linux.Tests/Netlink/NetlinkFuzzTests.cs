using Hnv.Fuzzing;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests.Netlink;

/// <summary>
/// Whatever comes out of a netlink socket: messages, or one refusal by its name; never another exception, never an endless walk. The corpus was recorded
/// from a kernel 6.18; what once broke, and what stands for a class of malformation, is beside it.
/// </summary>
public sealed class NetlinkFuzzTests
{
    private const int GateRounds = 4_000, SoakRounds = 4_000_000;

    private static readonly Corpus s_corpus = new("Netlink/corpus");

    public static TheoryData<string> Files => s_corpus.Theory;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CorpusFile_IsUnderstoodOrRefused(string file) =>
        Assert.Equal(!file.StartsWith("malformed", StringComparison.Ordinal) && !file.StartsWith("error", StringComparison.Ordinal), Read(s_corpus.Read(file)));

    [Fact]
    public void Read_MutatedCorpus_IsUnderstoodOrRefused() => FuzzRun.Of(GateRounds, new Mutator(s_corpus.Samples), Read);

    [Fact]
    [Trait("Category", "Soak")]
    public void Read_MutatedCorpusForLong_IsUnderstoodOrRefused() => FuzzRun.Of(SoakRounds, new Mutator(s_corpus.Samples), Read);

    /// <returns>Whether all of it was understood.</returns>
    private static bool Read(byte[] datagram)
    {
        int whole = 0;
        var understood = true;
        for (ReadOnlySpan<byte> rest = datagram; NetlinkMessages.TryCut(ref rest, out var header, out var payload); whole++)
        {
            understood &= Understands(new NetlinkReply((RouteMessage)header.Type, payload.ToArray()), header);
        }

        Assert.Equal(whole, NetlinkMessages.Read(datagram).Count);
        return understood && whole > 0;
    }

    private static bool Understands(NetlinkReply message, NetlinkHeader header)
    {
        // Events: each is passed on, or counts as lost.
        var isLost = LinkMonitor.Translate(message).Any(static e => e is NetworkEvent.Overrun);
        try
        {
            ReadAnswer(message, header);
        }
        catch (NetlinkException e)
        {
            Assert.True(e.Errno == Errno.EBADMSG || message.Type is RouteMessage.Error or RouteMessage.Done, e.Message);
            return false;
        }

        Assert.False(isLost, $"{message.Type} is understood in a list, and not as an event.");
        return true;
    }

    private static void ReadAnswer(NetlinkReply message, NetlinkHeader header)
    {
        switch (message.Type)
        {
            case RouteMessage.Error or RouteMessage.Done:
                NetlinkMessages.ThrowIfFailed("fuzz", header, message.Payload, message.Type == RouteMessage.Done ? 4 : 20);
                break;
            case RouteMessage.NewLink or RouteMessage.DeleteLink:
                var link = LinkInfo.Read(message);
                Assert.True(link.Mac is null || link.Mac.GetAddressBytes().Length == 6);
                break;
            case RouteMessage.NewAddress or RouteMessage.DeleteAddress:
                _ = AddressInfo.Read(message);
                break;
            case RouteMessage.NewRoute or RouteMessage.DeleteRoute:
                foreach (var route in RouteInfo.ReadAll(message))
                {
                    Assert.Equal(route, WrittenAndRead(route));
                }

                break;
            case RouteMessage.NewNeighbour or RouteMessage.DeleteNeighbour:
                _ = NeighbourInfo.Read(message);
                _ = ForwardingEntry.Read(message);
                break;
            case RouteMessage.NewRule or RouteMessage.DeleteRule:
                var rule = RuleInfo.Read(message);
                if (rule.Source is not null)
                {
                    Assert.Equal(rule, RuleInfo.Read(Sent(Rtnetlink.RuleRequest(RouteMessage.NewRule, NetlinkFlags.Create, rule))));
                }

                break;
            default:
                _ = message.Header<TcHeader>().IsAtFilterQdisc;
                _ = message.Attributes<TcHeader>().GetString(1);
                break;
        }
    }

    /// <summary>What we would ask for to have such a route reads as that route.</summary>
    private static RouteInfo WrittenAndRead(RouteInfo route)
    {
        var spec = new RouteSpec(route.Destination)
        {
            Gateway = route.Gateway, InterfaceIndex = route.InterfaceIndex, PreferredSource = route.PreferredSource, Mtu = route.Mtu, Metric = route.Metric,
            Table = route.Table, Type = route.Type, Protocol = route.Protocol,
        };
        return Assert.Single(RouteInfo.ReadAll(Sent(Rtnetlink.RouteRequest(RouteMessage.NewRoute, NetlinkFlags.Create, spec))));
    }

    private static NetlinkReply Sent(NetlinkRequest request) => Assert.Single(NetlinkMessages.Read(request.Finish(1)));
}
