using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hnv.Fuzzing;

/// <summary>
/// Endless bytes from a few samples: changed, cut, grown, doubled, joined, with words of the format put in, and, where the sample is JSON, with
/// values changed so that it stays JSON (<see cref="JsonMutator"/>). The same seed makes the same bytes.
/// </summary>
/// <param name="words">What means something to the parser.</param>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> samples, params IReadOnlyList<string> words)
{
    private static readonly uint[] s_numbers = [0, 1, 2, 3, 4, 7, 8, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

    private readonly Random _random = new(seed);
    private readonly byte[][] _words = [.. words.Select(Encoding.UTF8.GetBytes)];
    private int _given;

    public Mutator(IReadOnlyList<byte[]> samples, params IReadOnlyList<string> words)
        : this(RandomNumberGenerator.GetInt32(int.MaxValue), samples, words)
    {
    }

    public int Seed => seed;

    /// <summary>The samples first, each as it is, so that those that are right are among what comes; then whatever can be made of them.</summary>
    public byte[] Next() => _given < samples.Count ? samples[_given++] : Mutate(samples[_random.Next(samples.Count)]);

    /// <summary>A sample with one to six things changed; now and then as it is.</summary>
    public byte[] Mutate(byte[] sample)
    {
        byte[] bytes = _random.Next(3) == 0 && JsonMutator.TryMutate(sample, _random, words, out byte[]? json) ? json : sample;
        for (int changes = ReferenceEquals(bytes, sample) ? _random.Next(0, 7) : _random.Next(0, 2); changes > 0; changes--)
        {
            bytes = Change(bytes);
        }

        return bytes;
    }

    private byte[] Change(byte[] b)
    {
        int at = _random.Next(b.Length + 1);
        int end = Math.Min(b.Length, at + _random.Next(1, 41));
        switch (_random.Next(_words.Length == 0 ? 9 : 11))
        {
            case 0 or 1 when at < b.Length:
                byte[] changed = [.. b];
                changed[at] = _random.Next(3) == 0 ? (byte)_random.Next(256) : (byte)(b[at] ^ 1 << _random.Next(8));
                return changed;
            case 2:
                return Number(b, at);
            case 3:
                return [.. b[..at], .. b[end..]];
            case 4:
                int to = _random.Next(b.Length + 1);
                return [.. b[..to], .. b[at..end], .. b[to..]];
            case 5:
                byte[] other = samples[_random.Next(samples.Count)];
                return [.. b[..at], .. other[_random.Next(other.Length + 1)..]];
            case 6 when _random.Next(4) == 0:
                return b[..at];
            case 7:
                byte[] noise = new byte[_random.Next(1, 20)];
                _random.NextBytes(noise);
                return [.. b[..at], .. noise, .. b[at..]];
            case 9 or 10:
                byte[] word = _words[_random.Next(_words.Length)];
                return [.. b[..at], .. word, .. b[(_random.Next(2) == 0 ? at : Math.Min(b.Length, at + word.Length))..]];
            default:
                return Digit(b, at);
        }
    }

    /// <summary>Lengths and counts at their limits, in either byte order.</summary>
    private byte[] Number(byte[] b, int at)
    {
        int width = 1 << _random.Next(3);
        if (at + width > b.Length)
        {
            return b;
        }

        byte[] changed = [.. b];
        uint number = _random.Next(3) == 0 ? (uint)b.Length : s_numbers[_random.Next(s_numbers.Length)];
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        if (_random.Next(2) == 0)
        {
            bytes[..width].Reverse();
        }

        bytes[..width].CopyTo(changed.AsSpan(at));
        return changed;
    }

    /// <summary>A digit for a digit: text stays what it is, and gets further.</summary>
    private byte[] Digit(byte[] b, int from)
    {
        int at = b.AsSpan(from).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (at < 0)
        {
            return b;
        }

        byte[] changed = [.. b];
        changed[from + at] = (byte)"0123456789abcdef"[_random.Next(16)];
        return changed;
    }
}
