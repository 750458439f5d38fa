using System.Security.Cryptography;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>
/// Endless frames from a few good ones: bytes changed (most of them in the headers), cut short, grown, the head of one on the tail of another, and
/// plain noise. The same seed makes the same frames.
/// </summary>
internal sealed class FrameMutator(int seed, IReadOnlyList<byte[]> frames)
{
    /// <summary>What a device takes, bytes: an Ethernet header at least, 1500 behind it at most.</summary>
    public const int Shortest = 14, Longest = 1514;

    /// <summary>Headers of both layers end about here.</summary>
    private const int Headers = 130;

    public int Seed => seed;

    private readonly Random _random = new(seed);
    private readonly byte[] _frame = new byte[Longest];

    /// <summary>The next frame; valid until the next call.</summary>
    public ReadOnlySpan<byte> Next()
    {
        byte[] good = frames[_random.Next(frames.Count)];
        int length = Math.Min(good.Length, Longest);
        good.AsSpan(0, length).CopyTo(_frame);
        switch (_random.Next(10))
        {
            case 0:
                length = _random.Next(Shortest, 400);
                _random.NextBytes(_frame.AsSpan(12, length - 12));
                break;
            case 1:
                length = _random.Next(Shortest, length + 1);
                break;
            case 2:
                int grown = Math.Min(Longest, length + _random.Next(1, 200));
                _random.NextBytes(_frame.AsSpan(length, grown - length));
                length = grown;
                break;
            case 3:
                byte[] other = frames[_random.Next(frames.Count)];
                int at = _random.Next(12, Math.Min(length, other.Length) + 1);
                length = Math.Min(other.Length, Longest);
                other.AsSpan(at, length - at).CopyTo(_frame.AsSpan(at));
                break;
        }

        for (int changes = _random.Next(0, 7); changes > 0; changes--)
        {
            int at = _random.Next(Math.Min(length, _random.Next(8) == 0 ? Longest : Headers));
            _frame[at] = _random.Next(3) switch
            {
                0 => (byte)_random.Next(256),
                1 => (byte)(_frame[at] ^ 1 << _random.Next(8)),
                _ => (byte)(_random.Next(2) == 0 ? 0 : 0xff),
            };
        }

        return _frame.AsSpan(0, Math.Max(length, Shortest));
    }

    public static int NewSeed() => RandomNumberGenerator.GetInt32(int.MaxValue);
}
