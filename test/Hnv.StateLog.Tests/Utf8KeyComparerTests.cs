using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hnv.StateLog.Keys;

namespace Hnv.StateLog.Tests;

public sealed class Utf8KeyComparerTests
{
    [Fact]
    public void Compare_AnyTwoWellFormedStrings_OrdersAsTheirBytesDo()
    {
        // Runes from all four lengths of UTF-8, and often equal, so that differences lie in the middle.
        var rune = Gen.Elements(0, 'a', 'b', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF);
        var text = rune.ListOf().Select(l => string.Concat(l.Select(r => new Rune(r).ToString())));
        Prop.ForAll(text.Two().ToArbitrary(), pair =>
        {
            int expected = Encoding.UTF8.GetBytes(pair.Item1).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(pair.Item2));
            return Math.Sign(Utf8KeyComparer.Instance.Compare(pair.Item1, pair.Item2)) == Math.Sign(expected);
        }).QuickCheckThrowOnFailure();
    }
}
