using Hnv.Datapath.Layouts;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Fixture;

/// <summary>What became of a frame in a program.</summary>
/// <param name="Input">The frame as it came.</param>
/// <param name="Action">TC_ACT_*: -1 left to others, 0 pass, 2 dropped, 7 redirected.</param>
/// <param name="Bytes">The frame as the program left it; meant when it went on.</param>
/// <param name="Mark">skb->mark afterwards.</param>
/// <param name="Changes">What changed in the maps of the host, see <see cref="HostState"/>.</param>
/// <param name="PortId">Whose counters it ran under; 0: the uplinks'.</param>
internal sealed record Passage(byte[] Input, int Action, byte[] Bytes, uint Mark, DecisionEntry Decision, IReadOnlyList<string> Changes, uint PortId)
{
    public const int Unspecified = -1;
    public const int Ok = 0;
    public const int Shot = 2;
    public const int Redirect = 7;
    public const uint MarkDeliver = 0x484e5601;
    public const uint MarkEncapsulated = 0x484e5602;
    public const uint MarkTrace = 0x484e5603;
    public const uint MarkFlooding = 0x48500000;
    public const uint FloodingLearners = 0x00080000;

    public Verdict Verdict => Decision.Verdict;

    /// <summary>The frame went on, and for this reason; its counters and nothing else changed, but for <paramref name="others"/>.</summary>
    public Passage Went(Verdict verdict, params string[] others) => Expect(verdict, Redirect, others);

    /// <summary>The frame ended here, and for this reason; its counters and nothing else changed, but for <paramref name="others"/>.</summary>
    public Passage Dropped(Verdict verdict, params string[] others) => Expect(verdict, Shot, others);

    /// <summary>The program left the frame to the host and noted nothing.</summary>
    public void LeftAlone()
    {
        Assert.Equal(Unspecified, Action);
        Assert.Empty(Changes);
        Assert.Equal(Input, Bytes);
    }

    /// <summary>The frame that went on is this one, byte for byte.</summary>
    public Passage As(byte[] expected)
    {
        if (!expected.AsSpan().SequenceEqual(Bytes))
        {
            Assert.Fail($"""
                expected: {Convert.ToHexStringLower(expected)}
                actual:   {Convert.ToHexStringLower(Bytes)}

                expected:
                {PacketDescriber.Describe(expected)}
                actual:
                {PacketDescriber.Describe(Bytes)}
                """);
        }

        return this;
    }

    /// <summary>The interface it was sent to.</summary>
    public Passage To(int interfaceIndex)
    {
        Assert.Equal((uint)interfaceIndex, Decision.Ifindex);
        return this;
    }

    private Passage Expect(Verdict verdict, int action, string[] others)
    {
        string who = PortId == 0 ? "uplink" : $"port {PortId}";
        List<string> expected = [HostState.Tell($"{who} {verdict}", 1, Input.Length), .. others];
        if (verdict != Verdict || action != Action)
        {
            Assert.Fail($"{Verdict}, action {Action}, where {verdict}, action {action} was expected, for\n{PacketDescriber.Describe(Input)}");
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), Changes);
        return this;
    }
}
