using System.Net;
using FsCheck.Fluent;

namespace Hnv.Wire.Tests;

/// <summary>No bytes make a parser throw, read outside them, or never end.</summary>
public sealed class HostileBytesTests
{
    public static TheoryData<string> Frames => [.. Samples.Frames.Keys];

    [Fact]
    public void EveryParser_RandomBytes_NeverThrows() => Generators.ForAll(Generators.Any, EveryParser.Read);

    [Theory]
    [MemberData(nameof(Frames))]
    public void EveryParser_TruncatedAtEveryLength_NeverThrows(string name)
    {
        byte[] frame = Samples.Frames[name];
        for (int length = 0; length <= frame.Length; length++)
        {
            EveryParser.Read(frame[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void EveryParser_EachByteReplaced_NeverThrows(string name)
    {
        byte[] frame = Samples.Frames[name];
        for (int i = 0; i < frame.Length; i++)
        {
            foreach (byte value in (ReadOnlySpan<byte>)[0, 1, 0x7f, 0xff, (byte)(frame[i] ^ 0x10), (byte)(frame[i] + 1)])
            {
                byte[] mutated = [.. frame];
                mutated[i] = value;
                EveryParser.Read(mutated);
            }
        }
    }

    [Fact]
    public void Describe_FramesWithSeveralMutations_NeverThrows() => Generators.ForAll(
        from frame in Gen.Elements(Samples.Frames.Values.ToArray())
        from length in Gen.Choose(0, frame.Length)
        from changes in Gen.Choose(0, Math.Max(0, length - 1)).SelectMany(at => Generators.Byte.Select(value => (at, value))).ArrayOf(6)
        select (frame, length, changes),
        sample =>
        {
            byte[] mutated = sample.frame[..sample.length];
            foreach ((int at, byte value) in sample.changes.Where(c => c.at < mutated.Length))
            {
                mutated[at] = value;
            }

            EveryParser.Read(mutated);
        });
}
